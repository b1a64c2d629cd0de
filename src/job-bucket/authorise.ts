import type { Grant, Mount } from '../grants/grant.ts'
import { S3Error } from './s3-error.ts'
import { keyBytes, maxKeyBytes } from './target.ts'

/** What an operation does to the bucket. */
export type Deed = 'read' | 'write'

/**
 * Checks that the grant still allows the deed at all.
 * @throws {S3Error} ExpiredToken
 */
export function checkGrant(grant: Grant, deed: Deed, now: number): void {
  if (grant.state === 'ended' || now > grant.readExpiresAt) {
    throw new S3Error('ExpiredToken', undefined, `grant ${grant.state}`)
  }
  if (deed === 'write' && (grant.state === 'suspended' || now > grant.writeExpiresAt)) {
    throw new S3Error('ExpiredToken', undefined, `grant ${grant.state}, writing is over`)
  }
}

/** The mounts in the order in which they match: longest path first. */
export function orderMounts(mounts: readonly Mount[]): Mount[] {
  return [...mounts].sort((a, b) => b.path.length - a.path.length)
}

/** The mount a virtual key belongs to; `mounts` are ordered. */
export function findMount(mounts: readonly Mount[], key: string): Mount | undefined {
  return mounts.find((mount) => (isPrefix(mount) ? key.startsWith(mount.path) : key === mount.path))
}

/** Whether a mount stands for everything below it. */
export function isPrefix(mount: Mount): boolean {
  return mount.path === '' || mount.path.endsWith('/')
}

/**
 * The real key of a virtual one.
 * @throws {S3Error} AccessDenied or KeyTooLongError
 */
export function resolveKey(grant: Grant, key: string, deed: Deed): string {
  const mount = findMount(orderMounts(grant.mounts), key)
  if (mount === undefined) throw new S3Error('AccessDenied', undefined, 'out of the mounts')
  if (deed === 'write' && mount.mode === 'read') {
    throw new S3Error('AccessDenied', undefined, 'the mount is for reading')
  }
  const real = mount.key + key.slice(mount.path.length)
  if (keyBytes(real) > maxKeyBytes) throw new S3Error('KeyTooLongError')
  return real
}
