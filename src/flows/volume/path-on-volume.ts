import type { Config } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { realKey } from '../../grants/mount-path.ts'
import { workerPath } from '../../store/volume/volume-path.ts'

/**
 * Path at which a job's worker sees the file at a virtual path of the job bucket.
 *
 * @throws {GatewayError} misconfigured where the job's store is no network volume, or the job has no
 *   such file
 */
export function pathOnVolume(
  { stores }: Pick<Config, 'stores'>,
  grant: Pick<Grant, 'storeId' | 'mounts'>,
  path: string,
): string {
  const volume = stores.get(grant.storeId)?.volume
  const key = realKey(grant, path, 'read')
  if (volume === undefined || key === undefined) {
    const detail = 'Cannot name a path: the endpoint has no network volume'
    throw new GatewayError('misconfigured', detail)
  }
  return workerPath(volume, key)
}
