import type { Grant } from './grant.ts'

/**
 * The real key behind a virtual path of the job bucket, or undefined when the grant does not reach
 * it. The first mount that matches decides: a path below a read mount is not writable through a
 * wider one. State and expiry are the caller's to check.
 */
export function realKey(
  grant: Pick<Grant, 'mounts'>,
  path: string,
  access: 'read' | 'write',
): string | undefined {
  // On stores whose keys are real file paths, a dot segment would leave the mount.
  if (path === '' || path.includes('\0') || /(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) return undefined
  for (const mount of grant.mounts) {
    const isPrefix = mount.path === '' || mount.path.endsWith('/')
    if (isPrefix ? !path.startsWith(mount.path) : path !== mount.path) continue
    const rest = path.slice(mount.path.length)
    if (access === 'write' && mount.mode === 'read') return undefined
    return isPrefix && rest === '' ? undefined : mount.key + rest
  }
  return undefined
}

/**
 * The virtual path of a real key, as `realKey` takes it; undefined when the grant does not reach it,
 * or only by another path. The first mount that leads back decides.
 */
export function virtualPath(grant: Pick<Grant, 'mounts'>, key: string): string | undefined {
  for (const mount of grant.mounts) {
    if (!key.startsWith(mount.key)) continue
    const path = mount.path + key.slice(mount.key.length)
    if (realKey(grant, path, 'read') === key) return path
  }
  return undefined
}
