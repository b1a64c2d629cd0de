import { expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { readHeaderClaim, readQueryClaim, type SigV4Claim } from '../../src/sigv4/credential.ts'
import { parseQuery } from '../../src/sigv4/query.ts'
import { scopeText } from '../../src/sigv4/sign.ts'
import { verifySigV4 } from '../../src/sigv4/verify.ts'
import suite from './vectors.json' with { type: 'json' }

const { accessId, scope, timestamp, host, vectors } = suite
const secret = new Secret(suite.accessSecret)
const now = Date.parse('2015-08-30T12:36:00Z')
const { digests } = createNodePlatform({ write: () => {} })

// What cannot be verified as S3 signs, and why.
const normalises = 'S3 signs the path as it is sent, and here it is normalised'
const unfit: Readonly<Record<string, string>> = {
  'get-relative-normalized': normalises,
  'get-relative-relative-normalized': normalises,
  'get-slash-dot-slash-normalized': normalises,
  'get-slash-normalized': normalises,
  'get-slash-pointless-dot-normalized': normalises,
  'get-slashes-normalized': normalises,
}
// S3 signs every parameter of the query, and here the token is added to it behind the signature.
const unfitInQuery: Readonly<Record<string, string>> = {
  ...unfit,
  'post-sts-header-after': 'token',
}

/** The claim of the vector's own service: the job bucket takes none but S3's. */
function ofService(claim: SigV4Claim | string): SigV4Claim {
  if (typeof claim === 'string') throw new Error(claim)
  return { ...claim, scope }
}

function requestOf(method: string, target: string, headers: string[][]) {
  const [rawPath = '', ...rest] = target.split('?')
  const query = parseQuery(rest.join('?')) ?? []
  const sent = new Headers(
    headers.map(([name = '', value = '']): [string, string] => [name, value]),
  )
  return { method, rawPath, query, headers: sent, host }
}

test.for(vectors)('verifies $name in the header', async ({ name, method, payloadHash, header }) => {
  const request = requestOf(method, header.target, header.headers)
  request.headers.set('x-amz-date', timestamp)
  const credential = `${accessId}/${scopeText({ ...scope, service: 's3' })}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${header.signedHeaders}, Signature=${header.signature}`
  const claim = ofService(readHeaderClaim(authorization, timestamp))
  const wanted = name in unfit ? 'mismatch' : undefined
  expect(await verifySigV4(request, claim, secret, payloadHash, now)).toBe(wanted)
  expect(await verifySigV4(request, claim, secret, payloadHash, now, digests)).toBe(wanted)
})

test.for(vectors)('verifies $name in the query', async ({ name, method, payloadHash, query }) => {
  const request = requestOf(method, query.target, query.headers)
  const ofS3 = request.query.map((pair) => ({
    ...pair,
    value: pair.value.replace('/service/', '/s3/'),
  }))
  const claim = ofService(readQueryClaim(ofS3))
  const wanted = name in unfitInQuery ? 'mismatch' : undefined
  expect(await verifySigV4(request, claim, secret, payloadHash, now)).toBe(wanted)
  expect(await verifySigV4(request, claim, secret, payloadHash, now, digests)).toBe(wanted)
})
