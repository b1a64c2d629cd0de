import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AwsChunkedDecoder, type ChunkSigning } from '../../src/job-bucket/body/aws-chunked.ts'

const encoder = new TextEncoder()
const payload = 'hello 0\r\n1\r\nworl'

function decode(text: string, size: number): { decoded: string; decoder: AwsChunkedDecoder } {
  const decoder = new AwsChunkedDecoder()
  const bytes = encoder.encode(text)
  let decoded = ''
  for (let at = 0; at < bytes.length; at += size) {
    decoded += new TextDecoder().decode(decoder.decode(bytes.slice(at, at + size)))
  }
  return { decoded, decoder }
}

test('decodes chunks whose payload looks like framing, and reads the trailers', () => {
  const text =
    '5\r\nhello\r\n00B;ext=1\r\n 0\r\n1\r\nworl\r\n0\r\nX-Amz-Checksum-Crc32: AAAA\r\na:b\r\n\r\n'
  const { decoded, decoder } = decode(text, text.length)
  expect(decoded).toBe(payload)
  expect(decoder.isDone).toBe(true)
  expect([...decoder.trailers]).toEqual([
    ['x-amz-checksum-crc32', 'AAAA'],
    ['a', 'b'],
  ])
})

test('decodes the same however the input is cut', () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 })
  fc.assert(
    fc.property(chunks, fc.array(fc.nat(200), { maxLength: 12 }), (parts, cuts) => {
      const framed = parts.flatMap((part) => [
        encoder.encode(`${part.length.toString(16)}\r\n`),
        part,
        encoder.encode('\r\n'),
      ])
      const bytes = Buffer.concat([...framed, encoder.encode('0\r\na:b\r\n\r\n')])
      const decoder = new AwsChunkedDecoder()
      const found: Uint8Array[] = []
      const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]
      at.sort((a, b) => a - b)
      for (let i = 1; i < at.length; i++) {
        found.push(decoder.decode(Uint8Array.from(bytes.subarray(at[i - 1], at[i]))).slice())
      }
      expect(Buffer.concat(found)).toEqual(Buffer.concat(parts))
      expect(decoder.isDone).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('decodes byte by byte and cut in two at every byte', () => {
  const text = '3\r\nabc\r\n2\r\nde\r\n0\r\na:b\r\n\r\n'
  expect(decode(text, 1).decoded).toBe('abcde')
  for (let cut = 0; cut <= text.length; cut++) {
    const decoder = new AwsChunkedDecoder()
    const parts = [text.slice(0, cut), text.slice(cut)].map((part) =>
      new TextDecoder().decode(decoder.decode(encoder.encode(part))),
    )
    expect(parts.join('')).toBe('abcde')
    expect(decoder.isDone).toBe(true)
  }
})

test('is done only after the empty line at the end', () => {
  const text = '1\r\na\r\n0\r\na:b\r\n\r\n'
  for (let end = 0; end < text.length; end++) {
    expect(decode(text.slice(0, end), 1).decoder.isDone).toBe(false)
  }
})

test.for([
  ['a size that is no number', 'x\r\n'],
  ['a negative size', '-1\r\n'],
  ['an empty size', '\r\n'],
  ['a size beyond 2^53', `${'f'.repeat(14)}\r\n`],
  ['a line without CR', '1\na\r\n'],
  ['a line without end', 'a'.repeat(2000)],
  ['a chunk that is too long', '1\r\nab\r\n0\r\n\r\n'],
  ['bytes after the end', '0\r\n\r\nx'],
  ['a trailer without a name', '0\r\n:b\r\n\r\n'],
  ['a trailer with a blank name', '0\r\n :b\r\n\r\n'],
  ['a trailer without a colon', '0\r\nab\r\n\r\n'],
  ['the same trailer twice', '0\r\na:b\r\nA:c\r\n\r\n'],
  ['too many trailers', `0\r\n${Array.from({ length: 17 }, (_, i) => `a${i}:b\r\n`).join('')}\r\n`],
] as const)('refuses %s', ([, text]) => {
  for (const size of [1, text.length]) expect(() => decode(text, size)).toThrow()
})

const signatures = ['a', 'b', 'c'].map((digit) => digit.repeat(64))
const [one, two, last] = signatures
const signedText =
  `3;chunk-signature=${one}\r\nabc\r\n2;chunk-signature=${two}\r\nde\r\n` +
  `0;chunk-signature=${last}\r\n`

/** What a decoder finds in a text, piece by piece. */
function decodeSigned(text: string, signing: ChunkSigning, cuts: readonly number[]) {
  const decoder = new AwsChunkedDecoder(signing)
  let decoded = ''
  const ends: [number, string][] = []
  const at = [0, ...cuts, text.length]
  for (let i = 1; i < at.length; i++) {
    const before = decoded.length
    const bytes = decoder.decode(encoder.encode(text.slice(at[i - 1], at[i])))
    decoded += new TextDecoder().decode(bytes)
    for (const end of decoder.ends) ends.push([before + end.at, end.signature])
  }
  return { decoded, ends, isDone: decoder.isDone, trailers: [...decoder.trailers] }
}

test.for([
  ['chunks', '\r\n', []],
  [
    'chunks-and-trailers',
    `a:b\r\nx-amz-trailer-signature:${one}\r\n\r\n`,
    [
      ['a', 'b'],
      ['x-amz-trailer-signature', one],
    ],
  ],
  [
    // As minio-go writes them.
    'chunks-and-trailers',
    `a:b\n\r\nx-amz-trailer-signature:${one}\r\n\r\n`,
    [
      ['a', 'b'],
      ['x-amz-trailer-signature', one],
    ],
  ],
] as const)('says where signed %s end, cut at every byte: %j', ([signing, tail, trailers]) => {
  const text = signedText + tail
  const ends = [
    [3, one],
    [5, two],
    [5, last],
  ]
  const wanted = { decoded: 'abcde', ends, isDone: true, trailers }
  const everywhere = Array.from(text, (_, i) => i)
  expect(decodeSigned(text, signing, everywhere)).toEqual(wanted)
  for (const cut of everywhere) {
    expect(decodeSigned(text, signing, [cut])).toEqual(wanted)
    expect(decodeSigned(text.slice(0, cut), signing, []).isDone).toBe(false)
  }
})

test('takes trailers that end in a lone LF, and one empty line too many, as minio-go sends them', () => {
  const text = '1\r\na\r\n0\r\na:b\n\r\n\r\n'
  for (let cut = 0; cut <= text.length; cut++) {
    const wanted = { decoded: 'a', ends: [], isDone: true, trailers: [['a', 'b']] }
    expect(decodeSigned(text, 'unsigned', [cut])).toEqual(wanted)
  }
  expect(() => decode(`${text}\r\n`, 1)).toThrow()
  expect(() => decode('0\r\na:b\r\n\n', 1)).toThrow()
  expect(decode(text.slice(0, -1), 1).decoder.isDone).toBe(false)
})

test.for([
  ['a chunk without a signature', 'chunks', '1\r\na\r\n'],
  ['a last chunk without a signature', 'chunks', `1;chunk-signature=${one}\r\na\r\n0\r\n\r\n`],
  ['a short signature', 'chunks', `1;chunk-signature=${'a'.repeat(63)}\r\na\r\n`],
  ['an upper-case signature', 'chunks', `1;chunk-signature=${'A'.repeat(64)}\r\na\r\n`],
  ['another extension', 'chunks', `1;x=1;chunk-signature=${one}\r\na\r\n`],
  ['two signatures', 'chunks', `1;chunk-signature=${one};chunk-signature=${one}\r\na\r\n`],
  ['trailers without a signature', 'chunks-and-trailers', `${signedText}a:b\r\n\r\n\r\n`],
  [
    'a trailer behind the signature of the trailers',
    'chunks-and-trailers',
    `${signedText}x-amz-trailer-signature:${one}\r\na:b\r\n\r\n`,
  ],
] as const)('refuses %s', ([, signing, text]) => {
  const everywhere = Array.from(text, (_, i) => i)
  for (const cuts of [[], everywhere]) expect(() => decodeSigned(text, signing, cuts)).toThrow()
})
