import { decodeBase32, encodeBase32 } from '../bytes/base32.ts'
import type { Keyring } from '../config/keyring.ts'
import { openBytes, sealBytes } from '../config/sealed-bytes.ts'
import { fileName } from './file-headers.ts'

const grantBytes = 16
const headBytes = grantBytes + 4
// A path may begin with U+FEFF.
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** What a link gives access to. */
export interface FileLink {
  readonly grantId: string
  /** Virtual path in the job bucket. */
  readonly path: string
  /** Milliseconds since the epoch, whole seconds. */
  readonly expiresAt: number
}

/**
 * Makes `{publicUrl}/files/{sealed}/{name}`; `sealed` holds grant (16 bytes), expiry (4, seconds)
 * and path, `name` is for the eye and for file extensions alone. `expiresAt` is in milliseconds
 * and rounded down.
 */
export async function makeFileLink(
  options: FileLink & { readonly keyring: Keyring; readonly publicUrl: string },
): Promise<string> {
  const { keyring, publicUrl, grantId, path, expiresAt } = options
  const id = decodeBase32(grantId)
  const seconds = Math.floor(expiresAt / 1000)
  if (id?.length !== grantBytes) throw new TypeError('Cannot link a file without a grant')
  if (!(seconds >= 0 && seconds <= 0xffff_ffff)) throw new TypeError(`No such time: ${expiresAt}`)
  const pathBytes = new TextEncoder().encode(path)
  const bytes = new Uint8Array(headBytes + pathBytes.length)
  bytes.set(id)
  new DataView(bytes.buffer).setUint32(grantBytes, seconds)
  bytes.set(pathBytes, headBytes)
  const sealed = await sealBytes(keyring, keyring.current, 'file-link', bytes)
  if (sealed === undefined) throw new TypeError('The keyring does not know its current key')
  return `${publicUrl}/files/${sealed}/${encodeURIComponent(fileName(path))}`
}

/** What a link's `{sealed}` stands for; undefined when it is forged or expired, which look alike. */
export async function readFileLink(
  keyring: Keyring,
  sealed: string,
  now: number,
): Promise<FileLink | undefined> {
  const bytes = await openBytes(keyring, 'file-link', sealed)
  if (bytes === undefined || bytes.length <= headBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const expiresAt = view.getUint32(grantBytes) * 1000
  if (now >= expiresAt) return undefined
  const grantId = encodeBase32(bytes.subarray(0, grantBytes)).toLowerCase()
  return { grantId, path: decoder.decode(bytes.subarray(headBytes)), expiresAt }
}
