import type { StoreConfig } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { Platform } from '../../platform.ts'
import { createOperations } from '../s3-operations.ts'
import type { ObjectStore } from '../store.ts'
import { createMergedList, createVolumeList } from './list-volume.ts'
import { createMirroredSend } from './mirrored-send.ts'
import { volumeLimits } from './volume-limits.ts'
import { createVolumeSend } from './volume-send.ts'
import { wholePuts } from './whole-puts.ts'

/**
 * Makes the store of a network volume, or of several that hold the same files. Keys are as elsewhere;
 * only `volume-path.ts` knows where they lie. There are no presigned URLs and no conditional writes.
 */
export function createVolumeStore(
  store: StoreConfig,
  platform: Platform,
  { idleTimeoutMs }: { readonly idleTimeoutMs: number },
): ObjectStore {
  const { id, volume } = store
  if (volume === undefined) throw new TypeError(`The store ${id} is no network volume`)
  const sends = volume.members.map((member) =>
    createVolumeSend({ store, volume, idleTimeoutMs }, member, platform),
  )
  const wait = (ms: number) => platform.wait(ms)
  const lists = sends.map((send) =>
    createVolumeList(createOperations(id, platform, send, 1).list, wait),
  )
  const [onlySend, ...otherSends] = sends
  const [onlyList, ...otherLists] = lists
  if (onlySend === undefined || onlyList === undefined) throw new TypeError('There is no volume')
  const send = wholePuts(otherSends.length === 0 ? onlySend : createMirroredSend(sends))
  return {
    ...createOperations(id, platform, send),
    list: otherLists.length === 0 ? onlyList : createMergedList(lists),
    limits: volumeLimits,
    listsDirectories: true,
    presignGet: refuse,
    presignPart: refuse,
  }
}

async function refuse(): Promise<never> {
  throw new GatewayError('misconfigured', 'Set "presign" to false: volumes have no presigned URLs')
}
