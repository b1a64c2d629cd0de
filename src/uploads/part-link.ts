import { decodeBase32, encodeBase32 } from '../bytes/base32.ts'
import type { Keyring } from '../config/keyring.ts'
import { openBytes, sealBytes } from '../config/sealed-bytes.ts'
import { decodeHex, encodeHex } from '../sigv4/encode.ts'

const idBytes = 16
const headBytes = idBytes + 2 + 4 + 8
const digestBytes = 32

/** The right to send one part of an upload through the gateway. */
export interface PartClaim {
  readonly uploadId: string
  readonly partNumber: number
  /** Bytes, exactly. */
  readonly length: number
  /** Milliseconds since the epoch, whole seconds. */
  readonly expiresAt: number
  /** SHA-256 of the part in lower-case hex, where the client told it. */
  readonly sha256?: string
}

/**
 * Makes `{publicUrl}/v2/{endpointId}/uploads/{uploadId}/parts/{n}?claim={sealed}`, which stands in
 * for a presigned URL of the store. `expiresAt` is rounded down to seconds.
 */
export async function makePartLink(
  options: PartClaim & {
    readonly keyring: Keyring
    readonly publicUrl: string
    readonly endpointId: string
  },
): Promise<string> {
  const { keyring, publicUrl, endpointId, uploadId, partNumber, length, expiresAt, sha256 } =
    options
  const id = decodeBase32(uploadId)
  const digest = sha256 === undefined ? new Uint8Array(0) : decodeHex(sha256)
  if (id?.length !== idBytes || digest === undefined) throw new TypeError('Not the claim of a part')
  const bytes = new Uint8Array(headBytes + digest.length)
  const view = new DataView(bytes.buffer)
  bytes.set(id)
  view.setUint16(idBytes, partNumber)
  view.setUint32(idBytes + 2, Math.floor(expiresAt / 1000))
  view.setBigUint64(idBytes + 6, BigInt(length))
  bytes.set(digest, headBytes)
  const claim = await sealBytes(keyring, keyring.current, 'part-link', bytes)
  if (claim === undefined) throw new TypeError('The keyring does not know its current key')
  return `${publicUrl}/v2/${endpointId}/uploads/${uploadId}/parts/${partNumber}?claim=${claim}`
}

/** What a claim allows; undefined when it is forged or expired, which look alike. */
export async function readPartClaim(
  keyring: Keyring,
  claim: string,
  now: number,
): Promise<PartClaim | undefined> {
  const bytes = await openBytes(keyring, 'part-link', claim)
  if (bytes === undefined) return undefined
  const hasDigest = bytes.length === headBytes + digestBytes
  if (!hasDigest && bytes.length !== headBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const expiresAt = view.getUint32(idBytes + 2) * 1000
  if (now >= expiresAt) return undefined
  return {
    uploadId: encodeBase32(bytes.subarray(0, idBytes)).toLowerCase(),
    partNumber: view.getUint16(idBytes),
    length: Number(view.getBigUint64(idBytes + 6)),
    expiresAt,
    ...(hasDigest && { sha256: encodeHex(bytes.subarray(headBytes)) }),
  }
}
