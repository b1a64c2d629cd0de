import type { Config, NativeAccess } from '../config/config.ts'
import type { Platform } from '../platform.ts'
import { createB2Minter } from './b2.ts'
import type { Minter } from './minter.ts'
import { createR2Minter } from './r2.ts'
import { createStsMinter } from './sts.ts'
import type { TokenIssuer } from './token-issuer.ts'
import { createWebIdentityMinter } from './web-identity.ts'

/** What a store's own keys are made with. */
export interface MinterDeps {
  readonly config: Pick<Config, 'stores' | 'limits'>
  readonly platform: Platform
  /** Signs the tokens of `web-identity`. */
  readonly issuer: TokenIssuer | undefined
}

/** The way in which one store issues keys; undefined where the configuration does not say. */
export function createNativeMinter(
  deps: MinterDeps,
  storeId: string,
  access: NativeAccess,
): Minter | undefined {
  const { config, platform, issuer } = deps
  const { limits } = config
  const store = config.stores.get(storeId)
  if (store === undefined) return undefined
  switch (access) {
    case 'sts':
      return (
        store.sts && createStsMinter({ ...store, sts: store.sts }, platform, limits.mintTimeoutMs)
      )
    case 'web-identity': {
      const { webIdentity } = store
      if (webIdentity === undefined || issuer === undefined) return undefined
      const withRole = { ...store, webIdentity }
      return createWebIdentityMinter(withRole, issuer, platform, limits.mintTimeoutMs)
    }
    case 'r2':
      return store.r2 && createR2Minter({ ...store, r2: store.r2 }, platform)
    case 'b2':
      return store.b2 && createB2Minter({ ...store, b2: store.b2 }, platform, limits.mintTimeoutMs)
  }
}
