import { createHash } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { readAnnouncedDigests } from '../../src/bytes/announced-digests.ts'
import { createCheckedBody } from '../../src/bytes/checked-body.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'

const platform = createNodePlatform({ write() {} })
const content = Buffer.from(Array.from({ length: 300 }, (_, at) => at % 256))
const digestOf = (algorithm: string, bytes: Uint8Array = content) =>
  createHash(algorithm).update(bytes).digest('base64')
const sha256 = `sha-256=:${digestOf('sha256')}:`
const sha512 = `sha-512=:${digestOf('sha512')}:`

function bodyOf(chunks: readonly Uint8Array[]) {
  const left = [...chunks]
  return { read: async () => left.shift(), async cancel() {}, stream: () => new Blob([]).stream() }
}

async function readAll(headers: Record<string, string>, chunks: readonly Uint8Array[] = [content]) {
  const body = createCheckedBody(
    bodyOf(chunks),
    readAnnouncedDigests(new Headers(headers)),
    platform,
  )
  const got: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    got.push(chunk.slice())
  }
  return Buffer.concat(got)
}

describe('a body with announced digests', () => {
  test.each([
    { 'content-digest': sha256 },
    { 'content-digest': `md5=:x/y=:, ${sha512} , ${sha256};a="b,c"`, 'repr-digest': sha512 },
    { 'repr-digest': 'crc32c=:AAAAAA==:, x=(1 "a)");q=1, y, z="sha-256=:A:"' },
    { 'content-digest': `sha-256=:AAAA:, ${sha256}` },
    {},
  ])('comes through whole when it has them, wherever it is cut: %o', async (headers) => {
    expect(content.equals(await readAll(headers))).toBe(true)
    for (const at of [0, 1, 63, 64, 299, 300]) {
      const chunks = [content.subarray(0, at), content.subarray(at)]
      expect(content.equals(await readAll(headers, chunks))).toBe(true)
    }
  })

  test.each([
    { 'content-digest': sha256 },
    { 'content-digest': sha512 },
    { 'repr-digest': sha256 },
    { 'content-digest': `${sha256}, sha-512=:${digestOf('sha512', Buffer.from('x'))}:` },
  ])('has no end when it has not: %o', async (headers) => {
    for (const chunks of [[], [content.subarray(1)], [content, Uint8Array.of(0)]]) {
      await expect(readAll(headers, chunks)).rejects.toThrow('digest_mismatch')
    }
  })

  it('is streamed on with the same verdict', async () => {
    const digests = readAnnouncedDigests(new Headers({ 'content-digest': sha256 }))
    const streamed = (chunks: Uint8Array[]) =>
      new Response(createCheckedBody(bodyOf(chunks), digests, platform).stream()).arrayBuffer()
    expect((await streamed([content])).byteLength).toBe(300)
    await expect(streamed([content, content])).rejects.toThrow()
  })

  test.each([
    'sha-256',
    'sha-256=abc',
    'sha-256=::',
    `sha-256=:${digestOf('sha512')}:`,
    `sha-256="${digestOf('sha256')}"`,
    `${sha256},`,
    `${sha256} ${sha512}`,
    `SHA-256=:${digestOf('sha256')}:`,
    '"',
    'a=(',
  ])('is refused when they cannot be read: %s', (header) => {
    const headers = new Headers({ 'content-digest': header })
    expect(() => readAnnouncedDigests(headers)).toThrow('invalid_request')
  })

  it('is refused quickly when they are long and unreadable', () => {
    for (const text of [`a="${'\\"'.repeat(8000)}`, 'a;'.repeat(8000), `a=(${'"('.repeat(8000)}`]) {
      const startedAt = performance.now()
      expect(() => readAnnouncedDigests(new Headers({ 'repr-digest': text }))).toThrow()
      expect(performance.now() - startedAt).toBeLessThan(1000)
    }
  })
})
