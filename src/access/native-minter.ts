import type { Config, NativeAccess } from '../config/config.ts'
import type { Platform } from '../platform.ts'
import { createB2Minter } from './b2.ts'
import type { Minter } from './minter.ts'
import { createR2Minter } from './r2.ts'

/** What a store's own keys are made with. */
export interface MinterDeps {
  readonly config: Pick<Config, 'stores' | 'oidc' | 'limits'>
  readonly platform: Platform
}

/** The way in which one store issues keys; undefined where the configuration does not say. */
export function createNativeMinter(
  deps: MinterDeps,
  storeId: string,
  access: NativeAccess,
): Minter | undefined {
  const { config, platform } = deps
  const { limits } = config
  const store = config.stores.get(storeId)
  if (store === undefined) return undefined
  switch (access) {
    case 'sts':
    case 'web-identity':
      return undefined
    case 'r2':
      return store.r2 && createR2Minter({ ...store, r2: store.r2 }, platform)
    case 'b2':
      return store.b2 && createB2Minter({ ...store, b2: store.b2 }, platform, limits.mintTimeoutMs)
  }
}
