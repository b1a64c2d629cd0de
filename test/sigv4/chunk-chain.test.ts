import { expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { ChunkChain } from '../../src/sigv4/chunk-chain.ts'

const node = createNodePlatform({ write: () => {} })
const { digests: _, ...bare } = node
const platforms = [
  ['its own digests', node],
  ['WebCrypto', bare],
] as const

// "Transferring payload in multiple chunks" and "… with trailing headers" of the S3 API reference:
// 66,560 times "a", in chunks of 64 KiB, of 1 KiB, and the empty one.
const examples = [
  {
    name: 'of signed chunks',
    seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    chunks: [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ],
  },
  {
    name: 'of signed chunks and trailers',
    seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    chunks: [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ],
    trailers: [['x-amz-checksum-crc32c', 'sOO8/Q==']] as const,
    trailerSignature: 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
  },
]

function chainOf(
  signature: string,
  platform: typeof bare,
  secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
) {
  const scope = { date: '20130524', region: 'us-east-1', service: 's3' }
  const seed = { secret: new Secret(secret), scope, timestamp: '20130524T000000Z', signature }
  return new ChunkChain(seed, platform)
}

for (const [digests, platform] of platforms) {
  test.for(examples)(`follows the published example $name, with ${digests}`, async (example) => {
    const chain = chainOf(example.seed, platform)
    for (const [i, size] of [65_536, 1024, 0].entries()) {
      const bytes = new Uint8Array(size).fill(0x61)
      await chain.update(bytes.subarray(0, size / 3))
      await chain.update(bytes.subarray(size / 3))
      expect(await chain.end(example.chunks[i] ?? '')).toBe(true)
    }
    if (example.trailers === undefined) return
    expect(await chain.endTrailers(example.trailers, example.trailerSignature)).toBe(true)
  })
}

test('breaks at another byte, order, chunk, seed or secret', async () => {
  const [{ seed, chunks } = { seed: '', chunks: [''] }] = examples
  const bytes = new Uint8Array(65_536).fill(0x61)
  const first = chunks[0] ?? ''
  const check = async (chain: ChunkChain, chunk: Uint8Array, signature: string) => {
    await chain.update(chunk)
    return await chain.end(signature)
  }
  expect(await check(chainOf(seed, node), bytes, first)).toBe(true)
  expect(await check(chainOf(seed, node), bytes.with(40_000, 0), first)).toBe(false)
  expect(await check(chainOf(seed, node), bytes.subarray(1), first)).toBe(false)
  expect(await check(chainOf(seed, node), bytes, chunks[1] ?? '')).toBe(false)
  expect(await check(chainOf(first, node), bytes, first)).toBe(false)
  expect(await check(chainOf(seed, node, 'other'), bytes, first)).toBe(false)
  const again = chainOf(seed, node)
  expect(await check(again, bytes, first)).toBe(true)
  expect(await check(again, bytes, first)).toBe(false)
})

test('does not take the trailers of another chunk, name or value', async () => {
  const { chunks, trailers, trailerSignature = '' } = examples[1] ?? { chunks: [] }
  const check = async (previous: string, all: readonly (readonly [string, string])[]) =>
    await chainOf(previous, node).endTrailers(all, trailerSignature)
  const [[name, value] = ['', '']] = trailers ?? []
  expect(await check(chunks[2] ?? '', [[name, value]])).toBe(true)
  expect(await check(chunks[1] ?? '', [[name, value]])).toBe(false)
  expect(await check(chunks[2] ?? '', [[name, 'sOO8/A==']])).toBe(false)
  expect(await check(chunks[2] ?? '', [['x-amz-checksum-crc32', value]])).toBe(false)
  expect(await check(chunks[2] ?? '', [])).toBe(false)
})
