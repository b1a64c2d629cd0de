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
