import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createCrc32c } from '../../src/job-bucket/body/crc32.ts'
import { createCrc64Nvme } from '../../src/job-bucket/body/crc64.ts'
import type { ObjectStore, StoreRequest } from '../../src/store/store.ts'
import { failure, reply } from './memory-store.ts'
import { sendAsIs, sendSigned, sha256, signHeaders } from './raw-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// Every form of a body with every checksum, whole and damaged in every way.
let served: ServedBucket

beforeAll(async () => {
  served = await serveBucket()
})

beforeEach(() => {
  served.memory.objects.clear()
})

afterAll(() => served[Symbol.asyncDispose]())

const payload = Buffer.from(
  Uint8Array.from({ length: 20_000 }, (_, i) => (i * 31 + (i >> 8)) & 255),
)

const ofCrc = (create: typeof createCrc32c) => (bytes: Uint8Array) => {
  const crc = create()
  crc.update(bytes)
  return Buffer.from(crc.digest())
}
const ofHash = (name: string) => (bytes: Uint8Array) => createHash(name).update(bytes).digest()
const ofZlib = (bytes: Uint8Array) => {
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(crc32(bytes))
  return digest
}
const checksums = {
  crc32: ofZlib,
  crc32c: ofCrc(createCrc32c),
  crc64nvme: ofCrc(createCrc64Nvme),
  sha1: ofHash('sha1'),
  sha256: ofHash('sha256'),
}
type Algorithm = keyof typeof checksums
const algorithms = Object.keys(checksums) as Algorithm[]
const digestOf = (algorithm: Algorithm, bytes: Uint8Array) =>
  checksums[algorithm](bytes).toString('base64')

const hashes = {
  literal: sha256(payload),
  unsigned: 'UNSIGNED-PAYLOAD',
  trailer: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  signed: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'signed trailer': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
}
type Form = keyof typeof hashes
const forms = Object.keys(hashes) as Form[]

/** What is wrong with a body; signatures and framing are right but where the fault is theirs. */
interface Fault {
  /** Bytes sent in place of the payload, their signatures their own. */
  readonly sent?: Uint8Array
  /** The bytes that signatures and literal hash are of, when not those sent. */
  readonly signed?: Uint8Array
  /** `x-amz-decoded-content-length`, or Content-Length. */
  readonly length?: number
  readonly trailers?: (right: readonly string[]) => readonly string[]
  /** Changes the framed body. */
  readonly framed?: (body: string) => string
}

async function put(
  form: Form,
  algorithm: Algorithm | undefined,
  place: 'header' | 'trailer',
  fault: Fault = {},
) {
  const isStreaming = form !== 'literal' && form !== 'unsigned'
  const { sent = payload, signed = sent, length = payload.length } = fault
  const value = algorithm && digestOf(algorithm, payload)
  const name = `x-amz-checksum-${algorithm}`
  const headers: Record<string, string> = {
    ...(isStreaming && {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(length),
    }),
    ...(algorithm && { 'x-amz-sdk-checksum-algorithm': algorithm.toUpperCase() }),
    ...(value && place === 'header' && { [name]: value }),
    ...(value && place === 'trailer' && { 'x-amz-trailer': name }),
  }
  const target = '/b/x'
  const proof = signHeaders(served, { method: 'PUT', target, headers, hash: hashes[form] })
  let body = Buffer.from(sent).toString('latin1')
  if (isStreaming) {
    const right = value && place === 'trailer' ? [`${name}:${value}`] : []
    const trailers = fault.trailers?.(right) ?? right
    let previous = proof.signature
    const isSigned = form !== 'trailer'
    const sign = (bytes: Uint8Array) => {
      const lines = [previous, sha256(''), sha256(bytes)]
      previous = proof.sign('AWS4-HMAC-SHA256-PAYLOAD', ...lines)
      return isSigned ? `;chunk-signature=${previous}` : ''
    }
    body = ''
    for (let at = 0; at < sent.length; at += 8192) {
      const piece = Buffer.from(sent.subarray(at, at + 8192))
      const extension = sign(signed.subarray(at, at + 8192))
      body += `${piece.length.toString(16)}${extension}\r\n${piece.toString('latin1')}\r\n`
    }
    body += `0${sign(Buffer.of())}\r\n${trailers.map((line) => `${line}\r\n`).join('')}`
    if (form === 'signed trailer') {
      const signature = proof.sign(
        'AWS4-HMAC-SHA256-TRAILER',
        previous,
        sha256(trailers.map((line) => `${line}\n`).join('')),
      )
      body += `x-amz-trailer-signature:${signature}\r\n`
    }
    body += '\r\n'
  }
  if (fault.framed !== undefined) body = fault.framed(body)
  const bytes = Buffer.from(body, 'latin1')
  return await sendAsIs(served, { method: 'PUT', target, headers: proof.headers, body: bytes })
}

const stored = () => served.memory.objects.get('real-day/real-grant/out/x')?.bytes

async function expectNothing(answer: ReturnType<typeof put>, codes: readonly string[]) {
  const { status, code, text } = await answer
  expect(codes).toContain(code)
  expect(status).toBe(code === 'SignatureDoesNotMatch' ? 403 : 400)
  expect(text).not.toContain(served.accessSecret)
  expect(served.memory.objects.size).toBe(0)
}

const flipped = Buffer.from(payload)
flipped[12_345] = (flipped[12_345] ?? 0) ^ 1

const cases = forms.flatMap((form) => [
  ...[undefined, ...algorithms].map((algorithm) => [form, algorithm, 'header'] as const),
  ...(form.endsWith('trailer') ? algorithms : []).map(
    (algorithm) => [form, algorithm, 'trailer'] as const,
  ),
])

describe.for(cases)('a body %s with the checksum %s as %s', ([form, algorithm, place]) => {
  const isStreaming = form !== 'literal' && form !== 'unsigned'
  const isSigned = form.startsWith('signed')

  test('is stored when it is whole', async () => {
    expect(await put(form, algorithm, place)).toMatchObject({ status: 200, text: '' })
    expect(stored()).toEqual(payload)
  })

  test('leaves no object with one bit flipped on the way', async () => {
    const isProven = algorithm !== undefined || isSigned || form === 'literal'
    const answer = put(form, algorithm, place, { sent: flipped, signed: payload })
    if (!isProven) return void (await answer)
    const codes = ['BadDigest', 'SignatureDoesNotMatch', 'XAmzContentSHA256Mismatch']
    await expectNothing(answer, codes)
  })

  test('leaves no object when its checksum alone is of other bytes', async () => {
    if (algorithm === undefined || form === 'literal') return
    await expectNothing(put(form, algorithm, place, { sent: flipped }), ['BadDigest'])
  })

  test('leaves no object when it is shorter or longer than announced', async () => {
    if (!isStreaming) return
    for (const length of [payload.length + 1, payload.length - 1, payload.length - 9000, 0]) {
      await expectNothing(put(form, algorithm, place, { length }), ['IncompleteBody'])
    }
    const sent = payload.subarray(0, 16_384)
    await expectNothing(put(form, algorithm, place, { sent }), ['IncompleteBody'])
  })

  test('leaves no object when it is cut anywhere', async () => {
    if (!isStreaming) return
    const whole = Number(payload.length)
    for (const left of [0, 1, 5, 90, 8000, 8300, whole - 1, whole]) {
      const framed = (body: string) => body.slice(0, left)
      await expectNothing(put(form, algorithm, place, { framed }), ['IncompleteBody'])
    }
    for (const end of [1, 2, 3, 60]) {
      const framed = (body: string) => body.slice(0, -end)
      await expectNothing(put(form, algorithm, place, { framed }), ['IncompleteBody'])
    }
  })

  test('leaves no object with bytes behind its end', async () => {
    if (!isStreaming) return
    const framed = (body: string) => `${body}\r\nx`
    await expectNothing(put(form, algorithm, place, { framed }), ['InvalidRequest'])
  })

  test('leaves no object with a trailer missing, unannounced, or twice', async () => {
    if (!isStreaming) return
    const codes = ['MalformedTrailerError']
    if (place === 'trailer') {
      await expectNothing(put(form, algorithm, place, { trailers: () => [] }), codes)
      const trailers = ([line = '']: readonly string[]) => [line, line]
      await expectNothing(put(form, algorithm, place, { trailers }), codes)
    }
    const extra = `x-amz-checksum-sha256:${digestOf('sha256', payload)}x`
    for (const line of ['x-amz-meta-a:b', extra]) {
      const trailers = (right: readonly string[]) => [...right, line]
      await expectNothing(put(form, algorithm, place, { trailers }), codes)
    }
  })

  test('leaves no object when the chain of signatures is broken', async () => {
    if (!isSigned) return
    const forge = (at: number) => (body: string) => {
      const found = [...body.matchAll(/signature[=:]([0-9a-f]{64})/g)][at]
      const to = (found?.index ?? Number.NaN) + 'signature='.length + 63
      return body.slice(0, to) + (body[to] === '0' ? '1' : '0') + body.slice(to + 1)
    }
    const count = form === 'signed' ? 4 : 5
    for (let at = 0; at < count; at++) {
      const answer = put(form, algorithm, place, { framed: forge(at) })
      await expectNothing(answer, ['SignatureDoesNotMatch'])
    }
    const unsigned = (body: string) => body.replaceAll(/;chunk-signature=[0-9a-f]{64}/g, '')
    const none = put(form, algorithm, place, { framed: unsigned })
    await expectNothing(none, ['InvalidRequest'])
  })

  test('leaves no object when chunks are swapped, repeated or left out', async () => {
    if (!isSigned) return
    const edit = (change: (chunks: string[]) => string[]) => (body: string) => {
      const size = body.indexOf('\r\n') + 2 + 8192 + 2
      const chunks = [body.slice(0, size), body.slice(size, 2 * size)]
      return change(chunks).join('') + body.slice(2 * size)
    }
    const swapped = edit(([a = '', b = '']) => [b, a])
    const repeated = edit(([a = '']) => [a, a])
    for (const framed of [swapped, repeated]) {
      const answer = put(form, algorithm, place, { framed })
      await expectNothing(answer, ['SignatureDoesNotMatch'])
    }
    const without = edit(([a = '']) => [a])
    const length = payload.length - 8192
    await expectNothing(put(form, algorithm, place, { framed: without, length }), [
      'SignatureDoesNotMatch',
    ])
  })
})

test.for(['signed', 'signed trailer', 'trailer'] as const)(
  'an empty body %s is checked before the store is asked',
  async (form) => {
    const empty = { sent: Buffer.of(), length: 0 }
    served.memory.requests.length = 0
    await expectNothing(put(form, 'crc32', 'header', empty), ['BadDigest'])
    if (form !== 'trailer') {
      const framed = (body: string) => body.replace(/(signature=)./, '$1x')
      await expectNothing(put(form, undefined, 'header', { ...empty, framed }), ['InvalidRequest'])
    }
    expect(served.memory.requests).toEqual([])
    expect((await put(form, undefined, 'header', empty)).status).toBe(200)
    expect(stored()?.length).toBe(0)
  },
)

test('leaves it to the store to check a Content-MD5, and passes on what it says', async () => {
  const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('base64')
  const objects = new Map<string, Uint8Array>()
  const store = {
    id: 'main',
    async send({ key, headers, body }: StoreRequest) {
      const pieces: Uint8Array[] = []
      if (body instanceof Uint8Array) pieces.push(body)
      else for (let p = await body?.read(); p; p = await body?.read()) pieces.push(p.slice())
      const bytes = Buffer.concat(pieces)
      if (headers?.['content-md5'] !== md5(bytes)) return failure(400, 'BadDigest')
      objects.set(key, bytes)
      return reply(200, { etag: '"e"' })
    },
  }
  await using checked = await serveBucket(undefined, () => store as unknown as ObjectStore)
  const send = (value: string) =>
    sendSigned(checked, {
      method: 'PUT',
      target: '/b/x',
      headers: { 'content-md5': value },
      body: payload,
    })
  expect(await send(md5(flipped))).toMatchObject({ status: 400, code: 'BadDigest' })
  expect(objects.size).toBe(0)
  expect((await send(md5(payload))).status).toBe(200)
  expect(objects.size).toBe(1)
})

test('refuses a trailer announced for a body that can have none', async () => {
  const headers = { 'x-amz-trailer': 'x-amz-checksum-crc32' }
  const sent = { method: 'PUT', target: '/b/x', headers, body: payload }
  expect(await sendSigned(served, sent)).toMatchObject({ status: 400, code: 'InvalidRequest' })
  expect(served.memory.objects.size).toBe(0)
})

test('ignores the kind of a checksum, and refuses a checksum that it does not know', async () => {
  const send = (headers: Record<string, string>) =>
    sendSigned(served, { method: 'PUT', target: '/b/x', headers, body: payload })
  const value = digestOf('crc32', payload)
  const kind = { 'x-amz-checksum-type': 'FULL_OBJECT' }
  expect((await send({ ...kind, 'x-amz-checksum-crc32': value })).status).toBe(200)
  const hash = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  const unknown = { 'x-amz-decoded-content-length': '5', 'x-amz-trailer': 'x-amz-checksum-md5' }
  const sent = { method: 'PUT', target: '/b/x', headers: unknown, hash, body: payload }
  expect(await sendSigned(served, sent)).toMatchObject({ status: 501, code: 'NotImplemented' })
})
