import type { Config, StoreConfig } from '../config/config.ts'
import type { Platform } from '../platform.ts'
import { createS3Store } from './s3-store.ts'
import type { ObjectStore } from './store.ts'
import { createVolumeStore } from './volume/volume-store.ts'

/** Makes a configured store of whichever kind. */
export function openStore(
  store: StoreConfig,
  { limits, access }: Pick<Config, 'limits' | 'access'>,
  platform: Platform,
): ObjectStore {
  const { idleTimeoutMs } = limits
  return store.kind === 'runpod-volume'
    ? createVolumeStore(store, platform, { idleTimeoutMs })
    : createS3Store(store, platform, { idleTimeoutMs, presignSeconds: access.presignSeconds })
}
