import { afterEach, beforeEach, expect, test } from 'vitest'
import { presign, type SignedHeaders, sendAsIs, sendSigned, signHeaders } from './raw-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// How long a signature is good for: never longer than its grant.
const minute = 60_000
let served: ServedBucket

beforeEach(async () => {
  served = await serveBucket()
  served.memory.put('real-day/real-grant/in/x', 'hello')
  served.memory.put('real-day/real-grant/out/y', 'result')
})

afterEach(() => served[Symbol.asyncDispose]())

const get = (target: string, headers?: SignedHeaders['headers']) =>
  sendAsIs(served, { target, ...(headers && { headers }) })
const presigned = (seconds: number, at = Date.now()) =>
  presign(served, { target: '/b/in/x', seconds, at })

test('takes a header signed at most 15 minutes ago, or before its time', async () => {
  for (const sign of [-1, 1]) {
    const within = { target: '/b/in/x', at: Date.now() + sign * (15 * minute - 5000) }
    expect((await sendSigned(served, within)).status).toBe(200)
    const beyond = { target: '/b/in/x', at: Date.now() + sign * (15 * minute + 5000) }
    const answer = await sendSigned(served, beyond)
    expect(answer).toMatchObject({ status: 403, code: 'RequestTimeTooSkewed' })
  }
})

test('takes a presigned URL from 15 minutes before its time until its end', async () => {
  expect((await get(presigned(60))).status).toBe(200)
  expect((await get(presigned(60, Date.now() - 55_000))).status).toBe(200)
  const late = await get(presigned(60, Date.now() - 65_000))
  expect(late).toMatchObject({ status: 403, code: 'AccessDenied' })
  expect(late.text).toContain('Request has expired')
  expect((await get(presigned(60, Date.now() + 14 * minute))).status).toBe(200)
  const early = await get(presigned(604_800, Date.now() + 16 * minute))
  expect(early).toMatchObject({ status: 403, code: 'RequestTimeTooSkewed' })
})

test.for([0, -1, 604_801, 1e9, 1.5, Number.NaN])(
  'refuses a presigned life of %d s',
  async (seconds) => {
    const answer = await get(presigned(seconds))
    expect(answer).toMatchObject({ status: 400, code: 'AuthorizationQueryParametersError' })
  },
)

test('takes a presigned life of a week, and ends it with the grant', async () => {
  const read = presigned(604_800)
  const target = presign(served, { method: 'PUT', target: '/b/z', seconds: 604_800 })
  const write = () => sendAsIs(served, { method: 'PUT', target, body: Buffer.from('z') })
  expect((await get(read)).status).toBe(200)
  expect((await write()).status).toBe(200)
  served.memory.objects.delete('real-day/real-grant/out/z')
  served.shiftClock(61 * minute)
  expect((await get(read)).status).toBe(200)
  expect(await write()).toMatchObject({ status: 400, code: 'ExpiredToken' })
  served.shiftClock(121 * minute)
  expect(await get(read)).toMatchObject({ status: 400, code: 'ExpiredToken' })
  expect(served.memory.objects.has('real-day/real-grant/out/z')).toBe(false)
})

test('does not take a presigned URL again once the grant is revoked', async () => {
  const read = presigned(3600)
  const target = presign(served, { method: 'PUT', target: '/b/z', seconds: 3600 })
  const write = () => sendAsIs(served, { method: 'PUT', target, body: Buffer.from('z') })
  expect((await get(read)).status).toBe(200)
  served.change({ state: 'suspended' })
  expect((await get(read)).status).toBe(200)
  expect(await write()).toMatchObject({ status: 400, code: 'ExpiredToken' })
  served.change({ state: 'ended' })
  served.memory.requests.length = 0
  expect(await get(read)).toMatchObject({ status: 400, code: 'ExpiredToken' })
  expect(await write()).toMatchObject({ status: 400, code: 'ExpiredToken' })
  expect(await sendSigned(served, { target: '/b/in/x' })).toMatchObject({ code: 'ExpiredToken' })
  expect(served.memory.requests).toEqual([])
})

test('signs a presigned URL for one method, one key and one host', async () => {
  const target = presigned(60)
  const put = await sendAsIs(served, { method: 'PUT', target, body: Buffer.from('x') })
  expect(put.code).toBe('SignatureDoesNotMatch')
  expect((await get(target.replace('/in/x', '/y'))).code).toBe('SignatureDoesNotMatch')
  expect((await get(target.replace('Expires=60', 'Expires=61'))).code).toBe('SignatureDoesNotMatch')
  expect((await get(`${target}&response-content-type=a`)).code).toBe('SignatureDoesNotMatch')
  expect((await get(`${target}&X-Amz-Expires=604800`)).code).toBe('SignatureDoesNotMatch')
  expect((await get(target, { host: 'elsewhere' })).code).toBe('SignatureDoesNotMatch')
  expect((await get(target, { 'x-amz-meta-a': 'b' })).code).toBe('AccessDenied')
})

test('does not mind a session token, signed or not', async () => {
  const token = { 'x-amz-security-token': 'whatever' }
  expect((await sendSigned(served, { target: '/b/in/x', headers: token })).status).toBe(200)
  const { headers } = signHeaders(served, { target: '/b/in/x' })
  expect((await get('/b/in/x', { ...headers, ...token })).status).toBe(200)
  const target = '/b/in/x?X-Amz-Security-Token=whatever'
  expect((await get(presign(served, { target, seconds: 60 }))).status).toBe(200)
})

test('takes one kind of signature at a time', async () => {
  const target = presigned(60)
  const { headers } = signHeaders(served, { target })
  expect(await get(target, headers)).toMatchObject({ status: 400, code: 'InvalidArgument' })
})
