import { DEFAULTS } from '../contract/defaults.gen.ts'
import type { Config, KeyConfig } from './config.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { parseUrl } from './parse-url.ts'

/** Reads who may call. */
export function readAuth(
  { auth, endpoints }: ConfigDocument,
  faults: ConfigFault[],
): Config['auth'] {
  if (auth.mode === 'passthrough') {
    const { proofSeconds = DEFAULTS.ConfigAuthPassthrough.proofSeconds } = auth
    return Object.freeze({ mode: auth.mode, proofSeconds })
  }
  if (auth.mode === 'jwt') {
    const jwksUrl = parseUrl(auth.jwksUrl, '/auth/jwksUrl', faults)
    return Object.freeze({ ...DEFAULTS.ConfigAuthJwt, ...auth, jwksUrl })
  }
  const names = new Set<string>()
  const hashes = new Set<string>()
  const keys = auth.keys.map((key, index): KeyConfig => {
    const at = (field: string) => `/auth/keys/${index}/${field}`
    if (names.has(key.name)) {
      faults.push({ pointer: at('name'), message: `is given twice: "${key.name}"` })
    }
    if (hashes.has(key.sha256)) {
      faults.push({ pointer: at('sha256'), message: 'is the hash of an earlier key' })
    }
    key.endpoints.forEach((id, place) => {
      if (id === '*' || Object.hasOwn(endpoints, id) || Object.hasOwn(endpoints, '*')) return
      const message = `names no endpoint: there is no "${id}"`
      faults.push({ pointer: at(`endpoints/${place}`), message })
    })
    names.add(key.name)
    hashes.add(key.sha256)
    return Object.freeze({ ...DEFAULTS.ConfigKey, ...key })
  })
  const { tokenMaxSeconds = DEFAULTS.ConfigAuthKeys.tokenMaxSeconds } = auth
  return Object.freeze({ mode: auth.mode, keys: Object.freeze(keys), tokenMaxSeconds })
}
