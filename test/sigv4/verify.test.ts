import { expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import { canonicalRequest, stringToSign } from '../../src/sigv4/canonical.ts'
import { readHeaderClaim, readQueryClaim } from '../../src/sigv4/credential.ts'
import { parseQuery } from '../../src/sigv4/query.ts'
import { scopeText, signSigV4 } from '../../src/sigv4/sign.ts'
import { verifySigV4 } from '../../src/sigv4/verify.ts'

const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

// Examples of "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference.
const s3Secret = new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
const s3Host = 'examplebucket.s3.amazonaws.com'
const s3Now = Date.parse('2013-05-24T00:00:00Z')

const s3Examples = [
  {
    name: 'GET Object',
    method: 'GET',
    target: '/test.txt',
    headers: { range: 'bytes=0-9', 'x-amz-content-sha256': emptyHash },
    signedHeaders: 'host;range;x-amz-content-sha256;x-amz-date',
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT Object',
    method: 'PUT',
    target: '/test%24file.text',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    },
    signedHeaders: 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'GET Bucket Lifecycle',
    method: 'GET',
    target: '/?lifecycle',
    headers: { 'x-amz-content-sha256': emptyHash },
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'List Objects',
    method: 'GET',
    target: '/?max-keys=2&prefix=J',
    headers: { 'x-amz-content-sha256': emptyHash },
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
  {
    name: 'PUT Object in signed chunks',
    method: 'PUT',
    target: '/examplebucket/chunkObject.txt',
    host: 's3.amazonaws.com',
    headers: {
      'content-encoding': 'aws-chunked',
      'content-length': '66824',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-decoded-content-length': '66560',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    },
    signedHeaders:
      'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
    signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  },
  {
    name: 'PUT Object in signed chunks with trailers',
    method: 'PUT',
    target: '/examplebucket/chunkObject.txt',
    host: 's3.amazonaws.com',
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '66560',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-trailer': 'x-amz-checksum-crc32c',
    },
    signedHeaders:
      'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
    signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  },
]

function s3Request(example: {
  method: string
  target: string
  host?: string
  headers: Record<string, string>
}) {
  const [rawPath = '/', rawQuery = ''] = example.target.split('?')
  return {
    method: example.method,
    rawPath,
    query: parseQuery(rawQuery) ?? [],
    headers: new Headers({ 'x-amz-date': '20130524T000000Z', ...example.headers }),
    host: example.host ?? s3Host,
  }
}

function s3Claim(example: { signedHeaders: string; signature: string }) {
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
    `SignedHeaders=${example.signedHeaders},Signature=${example.signature}`
  const claim = readHeaderClaim(authorization, '20130524T000000Z')
  if (typeof claim === 'string') throw new Error(claim)
  return claim
}

test.for(s3Examples)('accepts the S3 reference example $name', async (example) => {
  const hash = example.headers['x-amz-content-sha256']
  const request = s3Request(example)
  expect(await verifySigV4(request, s3Claim(example), s3Secret, hash, s3Now)).toBeUndefined()
})

test.for(s3Examples)('refuses $name when anything signed is changed', async (example) => {
  const hash = example.headers['x-amz-content-sha256']
  const claim = s3Claim(example)
  const check = (changed: Partial<ReturnType<typeof s3Request>>, payload = hash) =>
    verifySigV4({ ...s3Request(example), ...changed }, claim, s3Secret, payload, s3Now)
  expect(await check({ method: 'DELETE' })).toBe('mismatch')
  expect(await check({ rawPath: '/other' })).toBe('mismatch')
  expect(await check({ host: 'elsewhere' })).toBe('mismatch')
  expect(await check({ query: [{ name: 'acl', value: '' }] })).toBe('mismatch')
  expect(await check({}, 'UNSIGNED-PAYLOAD')).toBe('mismatch')
  const wrong = new Secret('another')
  expect(await verifySigV4(s3Request(example), claim, wrong, hash, s3Now)).toBe('mismatch')
})

test('accepts the presigned example of the S3 reference until it expires', async () => {
  const target =
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
    '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
    '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
  const request = { ...s3Request({ method: 'GET', target, headers: {} }), headers: new Headers() }
  const claim = readQueryClaim(request.query)
  if (typeof claim === 'string') throw new Error(claim)
  const verify = (now: number) => verifySigV4(request, claim, s3Secret, 'UNSIGNED-PAYLOAD', now)
  expect(await verify(s3Now)).toBeUndefined()
  expect(await verify(s3Now + 86_400_000)).toBeUndefined()
  expect(await verify(s3Now + 86_400_001)).toBe('expired')
  expect(await verify(s3Now - 900_001)).toBe('skewed')
})

test('refuses a header signature more than 15 minutes off either way', async () => {
  const [example] = s3Examples
  if (example === undefined) throw new Error('no example')
  const verify = (now: number) =>
    verifySigV4(s3Request(example), s3Claim(example), s3Secret, emptyHash, now)
  expect(await verify(s3Now + 900_000)).toBeUndefined()
  expect(await verify(s3Now + 900_001)).toBe('skewed')
  expect(await verify(s3Now - 900_001)).toBe('skewed')
})

test('refuses an x-amz header that is not signed, but not one that an edge adds', async () => {
  const [example] = s3Examples
  if (example === undefined) throw new Error('no example')
  const verify = (headers: Record<string, string>) => {
    const request = s3Request({ ...example, headers: { ...example.headers, ...headers } })
    return verifySigV4(request, s3Claim(example), s3Secret, emptyHash, s3Now)
  }
  expect(await verify({ 'x-amz-meta-a': 'b' })).toBe('unsigned-header')
  expect(await verify({ 'x-amz-cf-id': 'abc' })).toBeUndefined()
})

/** Signs a request as a client would, then lets an intermediary change its headers. */
async function verifyAltered(
  signed: Record<string, string>,
  arrived: Record<string, string>,
  acceptEncoding?: string,
) {
  const base = { method: 'GET', target: '/a', headers: { 'x-amz-content-sha256': emptyHash } }
  const names = ['host', 'x-amz-content-sha256', 'x-amz-date', ...Object.keys(signed)].sort()
  const request = s3Request({ ...base, headers: { ...base.headers, ...signed } })
  const canonical = canonicalRequest(request, names, emptyHash)
  const scope = { date: '20130524', region: 'auto', service: 's3' }
  const text = await stringToSign('20130524T000000Z', scopeText(scope), canonical)
  const signature = await signSigV4(s3Secret, scope, text)
  const claim = { ...s3Claim({ signedHeaders: names.join(';'), signature }), scope }
  const seen = {
    ...s3Request({ ...base, headers: { ...base.headers, ...arrived } }),
    acceptEncoding,
  }
  return await verifySigV4(seen, claim, s3Secret, emptyHash, s3Now)
}

test('accepts a signed accept-encoding that the edge has rewritten', async () => {
  const sent = { 'accept-encoding': 'identity' }
  expect(await verifyAltered(sent, { 'accept-encoding': 'br, gzip' })).toBeUndefined()
  expect(await verifyAltered(sent, {})).toBeUndefined()
})

test('accepts any signed accept-encoding that the edge tells of', async () => {
  const sent = { 'accept-encoding': 'zstd;q=1.0, *;q=0.1' }
  const arrived = { 'accept-encoding': 'br, gzip', 'x-amz-a': '1, 2' }
  const signed = { ...sent, 'x-amz-a': '1,2' }
  expect(await verifyAltered(signed, arrived, sent['accept-encoding'])).toBeUndefined()
  expect(await verifyAltered(signed, arrived, 'br')).toBe('mismatch')
  expect(await verifyAltered(signed, arrived)).toBe('mismatch')
})

test('accepts hop-by-hop headers that were signed and that a hop has dropped', async () => {
  for (const sent of [{ 'transfer-encoding': 'chunked' }, { expect: '100-continue' }]) {
    expect(await verifyAltered(sent, {})).toBeUndefined()
    expect(await verifyAltered(sent, sent)).toBeUndefined()
  }
  expect(await verifyAltered({ 'transfer-encoding': 'gzip' }, {})).toBe('mismatch')
})

test('accepts repeated headers that Fetch has joined with a space', async () => {
  expect(await verifyAltered({ 'x-amz-a': '1,2' }, { 'x-amz-a': '1, 2' })).toBeUndefined()
})

test('reads the credential scope from the right, for an access id may hold slashes', () => {
  const claim = readHeaderClaim(
    `AWS4-HMAC-SHA256 Credential=a/b/20130524/x/s3/aws4_request, SignedHeaders=host, Signature=${emptyHash}`,
    '20130524T000000Z',
  )
  expect(claim).toMatchObject({ accessId: 'a/b', scope: { region: 'x' } })
})

test.for([
  ['another service', '20130524/x/ec2/aws4_request', 'host', 'wrong-service'],
  ['a date that is not that of x-amz-date', '20130525/x/s3/aws4_request', 'host', 'malformed'],
  ['a host that is not signed', '20130524/x/s3/aws4_request', 'x-amz-date', 'malformed'],
] as const)('refuses a claim with %s', ([, scope, signedHeaders, fault]) => {
  const authorization = `AWS4-HMAC-SHA256 Credential=a/${scope}, SignedHeaders=${signedHeaders}, Signature=${emptyHash}`
  expect(readHeaderClaim(authorization, '20130524T000000Z')).toBe(fault)
})

test('refuses presigned lives of none and of more than a week', () => {
  for (const expires of ['0', '604801', '-1', 'x', '']) {
    expect(readQueryClaim([{ name: 'X-Amz-Expires', value: expires }])).toBe('bad-expiry')
  }
})
