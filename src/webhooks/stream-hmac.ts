import type { Platform, StreamHash } from '../platform.ts'

const blockBytes = 64

/** HMAC-SHA-256 (RFC 2104) of a message that is never whole in memory; the key has 64 bytes at most. */
export async function createStreamHmac(
  platform: Pick<Platform, 'sha256'>,
  key: Uint8Array,
): Promise<StreamHash> {
  if (key.length > blockBytes) throw new RangeError('The key of an HMAC is longer than a block')
  const inner = platform.sha256()
  await inner.update(padded(key, 0x36))
  return {
    update: (chunk) => inner.update(chunk),
    async digest() {
      const outer = platform.sha256()
      await outer.update(padded(key, 0x5c))
      await outer.update(await inner.digest())
      return await outer.digest()
    },
  }
}

function padded(key: Uint8Array, pad: number): Uint8Array {
  const block = new Uint8Array(blockBytes)
  block.set(key)
  return block.map((byte) => byte ^ pad)
}
