import type { Config } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { realKey } from '../../grants/mount-path.ts'
import { workerPath } from '../../store/volume/volume-path.ts'

/**
 * Path at which a job's worker sees the file, or the directory where `path` ends in `/`, at a virtual
 * path of the job bucket. A directory has no trailing slash.
 *
 * @throws {GatewayError} misconfigured where the job's store is no network volume, or the job has no
 *   such place
 */
export function pathOnVolume(
  { stores }: Pick<Config, 'stores'>,
  grant: Pick<Grant, 'storeId' | 'mounts'>,
  path: string,
): string {
  const volume = stores.get(grant.storeId)?.volume
  const directory = grant.mounts.find((mount) => mount.path === path && mount.key.endsWith('/'))
  const key = directory?.key ?? realKey(grant, path, 'read')
  if (volume === undefined || key === undefined) {
    throw new GatewayError(
      'misconfigured',
      'Cannot name a path: the endpoint has no network volume',
    )
  }
  return workerPath(volume, key).replace(/\/$/, '')
}
