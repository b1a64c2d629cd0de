import type { Secret } from '../log.ts'
import type { Config, StoreConfig } from './config.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { PRESETS } from './presets.ts'

type StoreDocument = ConfigDocument['stores'][string]

/** Which block is for which way of issuing keys. */
const blocks = { sts: 'sts', webIdentity: 'web-identity', r2: 'r2', b2: 'b2' } as const

/** Notes what a store of a named kind can have no use for. */
export function checkPreset(
  document: StoreDocument,
  accessKeyId: Secret,
  pointer: string,
  faults: ConfigFault[],
): void {
  const { name, keys } = PRESETS[document.kind]
  for (const [block, access] of Object.entries(blocks)) {
    if (document[block as keyof typeof blocks] === undefined) continue
    if (keys.access.includes(access)) continue
    const message = `must be left out with ${name}: ${keys.reason}`
    faults.push({ pointer: `${pointer}/${block}`, message })
  }
  // Ids of application keys are longer: they begin with the account's, which is the master key's.
  if (document.kind === 'b2' && /^[0-9a-f]{12}$/.test(accessKeyId.reveal())) {
    const message =
      'is the id of a master key, which the S3 API of B2 refuses: use an application key'
    faults.push({ pointer: `${pointer}/accessKeyId`, message })
  }
}

/** Notes a state store that is known to have no conditional writes. */
export function checkStateStore(store: StoreConfig, faults: ConfigFault[]): void {
  if (store.preset === undefined) return
  const { name, conditionalWrites } = PRESETS[store.preset]
  if (conditionalWrites !== false) return
  const message = `cannot be "${store.id}": ${name} has no conditional writes (If-None-Match, If-Match on PUT). Keep the state in a store that has them, and name this one as the store of endpoints`
  faults.push({ pointer: '/stateStore', message })
}

/** Notes parts that are larger than a store takes. */
export function checkParts(
  stores: Iterable<StoreConfig>,
  { uploads, staging }: Pick<Config, 'uploads' | 'staging'>,
  faults: ConfigFault[],
): void {
  const sizes = { uploads: uploads.partBytes, staging: staging.partBytes }
  for (const { id, preset } of stores) {
    if (preset === undefined) continue
    const { name, parts } = PRESETS[preset]
    for (const [of, bytes] of Object.entries(sizes)) {
      if (bytes <= parts.maxBytes) continue
      const message = `must be ${parts.maxBytes} or less: the store "${id}" is ${name}`
      faults.push({ pointer: `/${of}/partBytes`, message })
    }
  }
}
