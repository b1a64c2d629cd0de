import type { VolumeConfig } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import { sharedRoot } from '../keys.ts'

type Folder = Pick<VolumeConfig, 'prefix'>

/** Where one of the gateway's keys lies on the volume: below its folder, or for `shared/…` at the root. */
export function volumeKey({ prefix }: Folder, key: string): string {
  return key.startsWith(sharedRoot) ? key.slice(sharedRoot.length) : `${prefix}${key}`
}

/** The gateway's key of what lies on the volume. */
export function ownKey({ prefix }: Folder, onVolume: string): string {
  return onVolume.startsWith(prefix) ? onVolume.slice(prefix.length) : `${sharedRoot}${onVolume}`
}

/** Path at which a worker sees what lies under one of the gateway's keys. */
export function workerPath(
  volume: Pick<VolumeConfig, 'prefix' | 'mountPath'>,
  key: string,
): string {
  return `${volume.mountPath}/${volumeKey(volume, key)}`
}

/**
 * The gateway's key of a path that a worker names; undefined for one outside the volume, that no key
 * means, or that is not in its only spelling (dot segments, doubled slashes).
 */
export function keyOfPath(
  volume: Pick<VolumeConfig, 'prefix' | 'mountPath'>,
  path: string,
): string | undefined {
  const root = `${volume.mountPath}/`
  if (!path.startsWith(root)) return undefined
  const onVolume = path.slice(root.length)
  if (!isPlainPath(onVolume)) return undefined
  const key = ownKey(volume, onVolume)
  return volumeKey(volume, key) === onVolume ? key : undefined
}

/** Whether no segment of a path is empty, `.` or `..`, and it holds characters alone, none of control. */
export function isPlainPath(path: string): boolean {
  if (hasControl(path) || !path.isWellFormed()) return false
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

/**
 * Key of a file that is kept under a name of its own, which must lie in one of the volume's shared
 * folders; undefined where it lies in none of them.
 *
 * @throws {GatewayError} invalid_request for a name in them that no file can have
 */
export function sharedKey(
  volume: Pick<VolumeConfig, 'prefix' | 'sharedPaths'>,
  name: string,
): string | undefined {
  const folder = volume.sharedPaths.find((path) => name.startsWith(path))
  if (folder === undefined) return undefined
  if (new TextEncoder().encode(name).length > sharedNameMaxBytes) {
    throw new GatewayError('invalid_request', 'Shorten the name: a path has at most 1024 bytes', {
      limitName: 'sharedNameBytes',
      limit: sharedNameMaxBytes,
    })
  }
  if (!isPlainPath(name) || name.split('/').some((segment) => segmentBytes(segment) > 255)) {
    const detail =
      'Name the file without empty, "." or ".." segments, control characters, or segments over 255 bytes'
    throw new GatewayError('invalid_request', detail)
  }
  return `${sharedRoot}${name}`
}

/** Bytes of a name under a shared folder: what one S3 key can have. */
export const sharedNameMaxBytes = 1024

function segmentBytes(segment: string): number {
  return new TextEncoder().encode(segment).length
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true
  }
  return false
}
