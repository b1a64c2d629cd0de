import { expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import { parseQuery } from '../../src/sigv4/query.ts'
import { readSigV2Claim, verifySigV2 } from '../../src/sigv4/sigv2.ts'

// "Query string request authentication alternative" of "Signing and authenticating REST requests".
const secret = new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
const request = {
  method: 'GET',
  rawPath: '/photos/puppy.jpg',
  query:
    parseQuery(
      'AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620',
    ) ?? [],
  headers: new Headers(),
  host: 'johnsmith.us-west-1.s3.amazonaws.com',
}
const resource = '/johnsmith/photos/puppy.jpg'
const inTime = 1_175_139_620_000

async function verify(change: Partial<typeof request>, resources = [resource], now = inTime) {
  const changed = { ...request, ...change }
  const claim = readSigV2Claim(changed.query)
  if (claim === undefined) throw new Error('no claim')
  return await verifySigV2(changed, claim, secret, resources, now)
}

test('accepts the published presigned example under either resource', async () => {
  expect(await verify({})).toBeUndefined()
  expect(await verify({}, ['/s3/x', resource])).toBeUndefined()
})

test('refuses it when late, with another method, resource, override or x-amz header', async () => {
  expect(await verify({}, [resource], inTime + 1)).toBe('expired')
  expect(await verify({ method: 'HEAD' })).toBe('mismatch')
  expect(await verify({}, ['/other'])).toBe('mismatch')
  const override = { name: 'response-content-type', value: 'text/html' }
  expect(await verify({ query: [...request.query, override] })).toBe('mismatch')
  expect(await verify({ headers: new Headers({ 'x-amz-a': 'b' }) })).toBe('mismatch')
})

test('reads no claim that lacks a part', () => {
  for (const name of ['AWSAccessKeyId', 'Signature', 'Expires']) {
    expect(readSigV2Claim(request.query.filter((pair) => pair.name !== name))).toBeUndefined()
  }
})
