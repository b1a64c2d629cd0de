import { GatewayError } from '../../errors.ts'
import type { Platform, StreamHash } from '../../platform.ts'
import { encodeBase64 } from '../../sigv4/encode.ts'

/** Algorithms of `Upload-Checksum`; SHA-1 is one that every tus server has to know. */
export const checksumAlgorithms = ['sha1', 'sha256', 'sha512'] as const

const digestBytes: Readonly<Record<(typeof checksumAlgorithms)[number], number>> = {
  sha1: 20,
  sha256: 32,
  sha512: 64,
}

/** What the bytes of one request must come out as. */
export interface ExpectedChecksum {
  /** Takes the bytes as they arrive. */
  readonly hash: StreamHash
  /** Whether all that was taken has the digest; to be asked once. */
  holds(): Promise<boolean>
}

/**
 * Reads `Upload-Checksum` (tus 1.0.0, Checksum); undefined where there is none.
 *
 * @throws {GatewayError} invalid_request
 */
export function parseChecksum(
  header: string | undefined,
  platform: Pick<Platform, 'sha1' | 'sha256' | 'sha512'>,
): ExpectedChecksum | undefined {
  if (header === undefined) return undefined
  const [name = '', digest = '', ...rest] = header.trim().split(/ +/)
  const algorithm = checksumAlgorithms.find((known) => known === name.toLowerCase())
  const textLength = algorithm && Math.ceil(digestBytes[algorithm] / 3) * 4
  if (algorithm === undefined || rest.length > 0 || digest.length !== textLength) {
    const known = checksumAlgorithms.join(', ')
    throw new GatewayError(
      'invalid_request',
      `Send Upload-Checksum as one of ${known} and the digest in base64`,
    )
  }
  const hash = platform[algorithm]()
  return { hash, holds: async () => encodeBase64(await hash.digest()) === digest }
}
