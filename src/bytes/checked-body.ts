import { GatewayError } from '../errors.ts'
import type { Body, Platform, StreamHash } from '../platform.ts'
import type { AnnouncedDigest, DigestAlgorithm } from './announced-digests.ts'

/**
 * A body that is hashed while it is read. Its end is told only when it has the digests that were
 * announced for it; until then nothing that was made of it may be final.
 *
 * `read` throws a GatewayError `digest_mismatch` in place of the end.
 */
export function createCheckedBody(
  body: Body,
  digests: readonly AnnouncedDigest[],
  platform: Pick<Platform, 'sha256' | 'sha512' | 'toStream'>,
): Body {
  const hashes = new Map<DigestAlgorithm, StreamHash>()
  for (const { algorithm } of digests) {
    if (hashes.has(algorithm)) continue
    hashes.set(algorithm, algorithm === 'sha-256' ? platform.sha256() : platform.sha512())
  }
  let checking: Promise<void> | undefined

  async function read(): Promise<Uint8Array | undefined> {
    const chunk = await body.read()
    if (chunk === undefined) {
      checking ??= check()
      await checking
      return undefined
    }
    for (const hash of hashes.values()) await hash.update(chunk)
    return chunk
  }

  async function check(): Promise<void> {
    for (const [algorithm, hash] of hashes) {
      const actual = await hash.digest()
      for (const { value, header } of digests.filter((one) => one.algorithm === algorithm)) {
        if (value.every((byte, at) => byte === actual[at])) continue
        throw new GatewayError('digest_mismatch', `The body is not what ${header} announces`)
      }
    }
  }

  const cancel = (reason?: unknown) => body.cancel(reason)
  return { read, cancel, stream: () => platform.toStream({ length: undefined, read, cancel }) }
}
