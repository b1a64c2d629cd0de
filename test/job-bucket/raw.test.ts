import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { crc32 } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import { canonicalRequest, stringToSign } from '../../src/sigv4/canonical.ts'
import { parseQuery } from '../../src/sigv4/query.ts'
import { scopeText, signSigV4 } from '../../src/sigv4/sign.ts'
import { failure, reply } from './memory-store.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// What the SDKs would not send: bodies that lie, keys that climb, foreign forms.
let served: ServedBucket

beforeAll(async () => {
  served = await serveBucket()
})

afterEach(() => {
  served.memory.intercept = () => undefined
  served.memory.objects.clear()
  served.memory.requests.length = 0
})

afterAll(() => served[Symbol.asyncDispose]())

interface Sent {
  readonly method?: string
  /** Below `/s3`, exactly as on the wire. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly hash?: string
  /** Pieces are sent with chunked transfer coding, one string with Content-Length. */
  readonly body?: string | readonly string[]
  /** Changes what was signed. */
  readonly tamper?: (headers: Record<string, string>) => void
  /** Ends the connection in place of the body's end. */
  readonly cutOff?: boolean
}

async function send(sent: Sent): Promise<{ status: number; text: string }> {
  const { method = 'GET', target, body, hash = 'UNSIGNED-PAYLOAD' } = sent
  const url = new URL(served.url)
  const [rawPath = '', rawQuery = ''] = `/s3${target}`.split('?')
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const signed = { ...sent.headers, 'x-amz-content-sha256': hash, 'x-amz-date': date }
  const names = ['host', ...Object.keys(signed)].sort()
  const query = parseQuery(rawQuery) ?? []
  const canonical = canonicalRequest(
    { method, rawPath, query, headers: new Headers(signed), host: url.host },
    names,
    hash,
  )
  const scope = { date: date.slice(0, 8), region: 'any-region', service: 's3' }
  const text = await stringToSign(date, scopeText(scope), canonical)
  const signature = await signSigV4(new Secret(served.accessSecret), scope, text)
  const credential = `${served.accessId}/${scopeText(scope)}`
  const headers: Record<string, string> = {
    ...signed,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  }
  if (typeof body === 'string') headers['content-length'] ??= String(Buffer.byteLength(body))
  sent.tamper?.(headers)
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      { host: url.hostname, port: url.port, method, path: `/s3${target}`, headers },
      async (incoming) => {
        let answer = ''
        for await (const chunk of incoming) answer += chunk
        resolve({ status: incoming.statusCode ?? 0, text: answer })
      },
    )
    outgoing.on('error', reject)
    for (const piece of typeof body === 'string' ? [body] : (body ?? [])) outgoing.write(piece)
    if (sent.cutOff) setImmediate(() => outgoing.destroy(new Error('cut off')))
    else outgoing.end()
  })
}

const code = (text: string) => /<Code>(.*?)<\/Code>/.exec(text)?.[1]
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const crc32Of = (text: string) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(text))
  return bytes.toString('base64')
}
const stored = (key: string) => served.memory.text(`real-day/real-grant/out/${key}`)

function trailed(text: string, trailer: string, length = text.length): Sent {
  return {
    method: 'PUT',
    target: '/job_files/t',
    hash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(length),
      'x-amz-trailer': 'x-amz-checksum-crc32',
    },
    body: [`${text.length.toString(16)}\r\n${text}`, `\r\n0\r\n${trailer}\r\n`],
  }
}

test('stores a body whose literal hash is right, and of a wrong one nothing', async () => {
  const put = (hash: string) => send({ method: 'PUT', target: '/b/x', body: 'hello', hash })
  const wrong = await put(sha256('other'))
  expect([wrong.status, code(wrong.text)]).toEqual([400, 'XAmzContentSHA256Mismatch'])
  expect(stored('x')).toBeUndefined()
  expect((await put(sha256('hello'))).status).toBe(200)
  expect(stored('x')).toBe('hello')
})

test('checks the hash of an empty body before the store is asked', async () => {
  const put = (hash: string) => send({ method: 'PUT', target: '/b/empty', body: '', hash })
  expect(code((await put(sha256('x'))).text)).toBe('XAmzContentSHA256Mismatch')
  expect(served.memory.requests).toEqual([])
  expect((await put(sha256(''))).status).toBe(200)
  expect(stored('empty')).toBe('')
})

test('takes aws-chunked off, checks its trailer, and keeps neither', async () => {
  const answer = await send(trailed('hello', `x-amz-checksum-crc32:${crc32Of('hello')}\r\n`))
  expect(answer).toEqual({ status: 200, text: '' })
  expect(stored('t')).toBe('hello')
  const [put] = served.memory.requests
  expect(put?.headers).toEqual({})
  expect(put?.body?.length).toBe(5)
})

test.for([
  ['a wrong checksum', trailed('hello', 'x-amz-checksum-crc32:AAAAAA==\r\n'), 'BadDigest'],
  ['no trailer', trailed('hello', ''), 'MalformedTrailerError'],
  ['a trailer that is none', trailed('hello', 'x\r\n'), 'MalformedTrailerError'],
  ['a shorter body', trailed('hello', '', 6), 'IncompleteBody'],
  ['a longer body', trailed('hello', '', 4), 'IncompleteBody'],
  ['no bytes at all', { ...trailed('hello', ''), body: [] }, 'IncompleteBody'],
  ['no last chunk', { ...trailed('hello', ''), body: ['5\r\nhello\r\n'] }, 'IncompleteBody'],
  ['bytes that are not framed', { ...trailed('hello', ''), body: ['hello'] }, 'IncompleteBody'],
  [
    'a size that is no number',
    { ...trailed('hello', ''), body: ['zz\r\nhello'] },
    'InvalidRequest',
  ],
] as const)('an aws-chunked body with %s leaves no object', async ([, sent, wanted]) => {
  const answer = await send(sent)
  expect([answer.status, code(answer.text)]).toEqual([400, wanted])
  expect(served.memory.objects.size).toBe(0)
})

test('a part that fails its check is not stored', async () => {
  served.memory.uploads.set('u', {
    key: 'real-day/real-grant/out/t',
    headers: {},
    parts: new Map(),
  })
  const sent = trailed('hello', 'x-amz-checksum-crc32:AAAAAA==\r\n')
  const answer = await send({ ...sent, target: '/job_files/t?partNumber=1&uploadId=u' })
  expect(code(answer.text)).toBe('BadDigest')
  expect(served.memory.uploads.get('u')?.parts.size).toBe(0)
})

test('a client that goes away in the middle leaves no object', async () => {
  const sent = { ...trailed('hello', '', 9), cutOff: true }
  await expect(send(sent)).rejects.toThrow()
  await expect.poll(() => served.logged.at(-1)?.['code']).toBe('IncompleteBody')
  expect(served.memory.objects.size).toBe(0)
})

test('wants a length before anything else', async () => {
  const put = (sent: Partial<Sent>) =>
    send({ method: 'PUT', target: '/b/x', body: ['hello'], ...sent })
  const without = await put({})
  expect([without.status, code(without.text)]).toEqual([411, 'MissingContentLength'])
  const { hash } = trailed('', '')
  expect((await put(hash === undefined ? {} : { hash })).status).toBe(411)
  expect(served.memory.requests).toEqual([])
})

test('refuses what it cannot verify', async () => {
  const put = (sent: Partial<Sent>) =>
    send({ method: 'PUT', target: '/b/x', body: 'hello', ...sent }).then(({ text }) => code(text))
  for (const form of [
    'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
    'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER',
  ]) {
    expect(await put({ hash: form })).toBe('NotImplemented')
  }
  expect(await put({ hash: 'nonsense' })).toBe('InvalidArgument')
  expect(await put({ headers: { 'content-encoding': 'aws-chunked' } })).toBe('InvalidRequest')
  const customerKey = { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }
  expect(await put({ headers: customerKey })).toBe('NotImplemented')
  expect(served.memory.requests).toEqual([])
})

test('a signature does not survive tampering', async () => {
  const attempts: ((headers: Record<string, string>) => void)[] = [
    (headers) => {
      headers['x-amz-content-sha256'] = sha256('other')
    },
    (headers) => {
      headers['x-amz-date'] = headers['x-amz-date']?.replace(/.Z$/, 'xZ') ?? ''
    },
    (headers) => {
      headers['authorization'] = headers['authorization']?.replace(/.$/, '!') ?? ''
    },
    (headers) => {
      headers['authorization'] = headers['authorization']?.replace('any-region', 'other') ?? ''
    },
    (headers) => {
      headers['x-amz-meta-added'] = 'x'
    },
    (headers) => {
      headers['host'] = 'elsewhere'
    },
  ]
  for (const tamper of attempts) {
    const { status } = await send({ target: '/b/in/x', tamper })
    expect([400, 403]).toContain(status)
  }
  expect(served.memory.requests).toEqual([])
})

test.for([
  '/b/in/../out',
  '/b/in/%2e%2e/x',
  '/b/%2e%2e/%2e%2e/other',
  '/b/..%2f..%2fother',
  '/b/./in/x',
  '/b/%00',
  '/b/a%0d%0ab',
  '/b/in/..',
  `/b/${'k'.repeat(1025)}`,
  '/b/%ff',
  '/b/%zz',
  '/b/x?prefix=%ff',
])('refuses the target %s, the store unasked', async (target) => {
  for (const method of ['GET', 'PUT']) {
    const { status } = await send({ method, target, ...(method === 'PUT' && { body: 'x' }) })
    expect(status).toBe(400)
  }
  expect(served.memory.requests).toEqual([])
})

test.for(['in/../', '../', './', 'in/%00'])('refuses to list the prefix %s', async (prefix) => {
  const answer = await send({ target: `/b?list-type=2&prefix=${prefix}` })
  expect([answer.status, code(answer.text)]).toEqual([400, 'InvalidArgument'])
  expect(served.memory.requests).toEqual([])
})

test('says that a grant that cannot be read now may be later', async () => {
  served.failGrants(true)
  const answer = await send({ target: '/b/in/x' })
  served.failGrants(false)
  expect([answer.status, code(answer.text)]).toEqual([503, 'ServiceUnavailable'])
})

test('decodes a key once and normalises nothing', async () => {
  served.memory.put('real-day/real-grant/in/a%2fb', 'once')
  served.memory.put('real-day/real-grant/in/e\u0301', 'nfd')
  const get = async (target: string) => (await send({ target })).text
  expect(await get('/b/in/a%252fb')).toBe('once')
  expect(await get('/b/in/e%CC%81')).toBe('nfd')
  expect(code(await get('/b/in/%C3%A9'))).toBe('NoSuchKey')
  expect(code(await get('/b/in/a%2fb'))).toBe('NoSuchKey')
  expect(await get('/b/%69n%2fa%252fb')).toBe('once')
})

test.for([
  [404, 'NoSuchBucket', 500, 'InternalError'],
  [403, 'AccessDenied', 500, 'InternalError'],
  [403, 'SignatureDoesNotMatch', 500, 'InternalError'],
  [301, 'PermanentRedirect', 500, 'InternalError'],
  [503, 'SlowDown', 503, 'SlowDown'],
  [500, 'InternalError', 500, 'InternalError'],
  [400, 'EntityTooSmall', 400, 'EntityTooSmall'],
  [400, 'SomethingNew', 500, 'InternalError'],
] as const)('says of the store’s %i %s only %i %s', async ([status, from, wanted, to]) => {
  served.memory.intercept = () => failure(status, from)
  const attempts: Sent[] = [
    { target: '/b/in/x' },
    { method: 'PUT', target: '/b/x', body: 'hello' },
    { method: 'POST', target: '/b/x?uploads' },
    { target: '/b?list-type=2' },
  ]
  for (const sent of attempts) {
    const answer = await send(sent)
    expect([answer.status, code(answer.text)]).toEqual([wanted, to])
    expect(answer.text).not.toContain('real-')
  }
})

test('maps a bare refusal of the store to HEAD by its status', async () => {
  for (const [status, wanted] of [
    [404, 404],
    [403, 500],
    [412, 412],
    [416, 416],
    [503, 503],
  ] as const) {
    served.memory.intercept = () => reply(status)
    expect(await send({ method: 'HEAD', target: '/b/in/x' })).toEqual({ status: wanted, text: '' })
  }
})

test('sees through a completion that fails after its 200', async () => {
  served.memory.intercept = () => {
    const { headers, body } = failure(200, 'InternalError')
    return { status: 200, headers, body }
  }
  const body =
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>'
  const answer = await send({ method: 'POST', target: '/b/x?uploadId=u', body })
  expect([answer.status, code(answer.text)]).toEqual([500, 'InternalError'])
  expect(answer.text).not.toContain('real-')
})

test.for(['"a"', 'a', '&quot;a&quot;'])(
  'hands on the ETag %s of a part with its quotes',
  async (etag) => {
    const bodies: string[] = []
    served.memory.intercept = ({ body }) => {
      if (body instanceof Uint8Array) bodies.push(new TextDecoder().decode(body))
      return failure(400, 'InvalidPart')
    }
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`
    await send({ method: 'POST', target: '/b/x?uploadId=u', body })
    expect(bodies.map((text) => /<ETag>(.*)<\/ETag>/.exec(text)?.[1])).toEqual(['&quot;a&quot;'])
  },
)

test.for([
  ['no XML', 'hello'],
  [
    'a DTD',
    '<!DOCTYPE a [<!ENTITY b "c">]><CompleteMultipartUpload><Part/></CompleteMultipartUpload>',
  ],
  [
    'XML over 1 MiB',
    `<CompleteMultipartUpload>${' '.repeat(1024 * 1024)}</CompleteMultipartUpload>`,
  ],
  [
    'part number 0',
    '<CompleteMultipartUpload><Part><PartNumber>0</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>',
  ],
] as const)('refuses a completion with %s', async ([, body]) => {
  const answer = await send({ method: 'POST', target: '/b/x?uploadId=u', body })
  expect([answer.status, code(answer.text)]).toEqual([400, 'MalformedXML'])
  expect(served.memory.requests).toEqual([])
})

test('a store that is gone is a 503', async () => {
  served.memory.intercept = () => {
    throw new Error('connect ECONNREFUSED real-host')
  }
  const answer = await send({ target: '/b/in/x' })
  expect([answer.status, code(answer.text)]).toEqual([503, 'ServiceUnavailable'])
  expect(answer.text).not.toContain('real-')
})

test('answers a refused upload only the refusal, and reads the rest of its body', async () => {
  const body = 'x'.repeat(4 * 1024 * 1024)
  const answer = await send({ method: 'PUT', target: '/b/in/x', body })
  expect([answer.status, code(answer.text)]).toEqual([403, 'AccessDenied'])
})

test.for([
  ['PUT', '/'],
  ['POST', '/'],
  ['GET', '/?acl'],
  ['GET', '/b?acl'],
  ['GET', '/b?policy'],
  ['GET', '/b?uploads&versions'],
  ['GET', '/b?list-type=1'],
  ['GET', '/b?versions'],
  ['PUT', '/b'],
  ['DELETE', '/b'],
  ['POST', '/b'],
  ['POST', '/b?delete&versionId=1'],
  ['DELETE', '/b/x?versionId=1'],
  ['DELETE', '/b/x?tagging'],
  ['GET', '/b/x?acl'],
  ['GET', '/b/x?tagging'],
  ['GET', '/b/x?versionId=1'],
  ['PUT', '/b/x?acl'],
  ['POST', '/b/x'],
  ['PATCH', '/b/x'],
  ['PUT', '/b/x?tagging&x-amz-copy-source=b%2Fin%2Fx'],
  ['GET', '/b/in/x?x-amz-copy-source=b%2Fin%2Fx'],
  ['PUT', '/b/x?x-amz-copy-source=b%2Fin%2Fx%3FversionId%3D1'],
] as const)('answers NotImplemented to %s %s', async ([method, target]) => {
  const answer = await send({ method, target, ...(method !== 'GET' && { body: '' }) })
  expect([answer.status, code(answer.text)]).toEqual([501, 'NotImplemented'])
  expect(served.memory.requests).toEqual([])
})

test('does not take a checksum of the whole object for one of the list of parts', async () => {
  const body = '<CompleteMultipartUpload/>'
  const headers = { 'x-amz-checksum-crc32': 'AAAAAA==' }
  const target = '/b/x?uploadId=u'
  const answer = await send({ method: 'POST', target, body, headers })
  expect(answer.status).toBe(501)
  expect(served.memory.requests).toEqual([])
})
