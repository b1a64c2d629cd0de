import type { Config, NativeAccess } from '../config/config.ts'
import type { Platform } from '../platform.ts'
import type { Minter } from './minter.ts'

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
  const store = deps.config.stores.get(storeId)
  if (store === undefined) return undefined
  switch (access) {
    case 'sts':
    case 'web-identity':
    case 'r2':
    case 'b2':
      return undefined
  }
}
