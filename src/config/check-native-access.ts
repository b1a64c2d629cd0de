import { issuerFault } from './check-role.ts'
import type { NativeAccess } from './config.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { PRESETS } from './presets.ts'
import { endpointOf } from './read-place.ts'
import { presetOf } from './store-provider.ts'

type EndpointDocument = ConfigDocument['endpoints'][string]

/** Where a store says how it issues keys. */
const blocks = { sts: 'sts', 'web-identity': 'webIdentity', r2: 'r2', b2: 'b2' } as const

/** Keys of these come with a session token, which a worker has to know of. */
const withToken: readonly string[] = ['sts', 'web-identity', 'r2']

/** Whether a way of access means keys of the store itself. */
export function isNative(access: string | undefined): access is NativeAccess {
  return access !== undefined && Object.hasOwn(blocks, access)
}

/** Notes why the endpoint's store cannot give its jobs keys of its own in the way that is asked for. */
export function checkNativeAccess(
  endpoint: EndpointDocument,
  document: ConfigDocument,
  at: (field: keyof EndpointDocument) => string,
  faults: ConfigFault[],
): void {
  const { access, s3ConfigFields } = endpoint
  checkNames(endpoint, at('s3ConfigFields'), faults)
  if (!isNative(access)) return
  const refuse = (message: string) => faults.push({ pointer: at('access'), message })
  if (withToken.includes(access) && s3ConfigFields?.sessionToken === undefined) {
    const message = `is required where access is "${access}": its keys have a session token, which the worker must take`
    faults.push({ pointer: `${at('s3ConfigFields')}/sessionToken`, message })
  }
  if (endpoint.s3Config === 'always' && s3ConfigFields?.keyPrefix === undefined) {
    const message = `is required where access is "${access}" and s3Config "always": the worker must know where its outputs may go`
    faults.push({ pointer: `${at('s3ConfigFields')}/keyPrefix`, message })
  }
  if (access === 'web-identity' && document.oidc === undefined) {
    refuse('cannot be "web-identity" without /oidc, which signs the tokens')
  }
  const storeId = endpoint.store ?? document.stateStore
  const store = document.stores[storeId]
  if (store === undefined) return
  const preset = presetOf({ preset: store.kind, endpoint: endpointOf(store) ?? '' })
  const { name, keys } = preset
  if (!keys.access.includes(access)) {
    const instead = [...keys.access, 'job-bucket'].map((way) => `"${way}"`).join(' or ')
    const { reason } = keys
    refuse(`cannot be "${access}" with the store "${storeId}" (${name}): ${reason}. Use ${instead}`)
    return
  }
  const reason =
    access === 'web-identity' && preset === PRESETS.aws && issuerFault(document.publicUrl)
  if (reason) refuse(`cannot be "web-identity" with the store "${storeId}" (AWS): ${reason}`)
  const block = blocks[access]
  const isGiven = store[block] !== undefined || (access === 'r2' && preset === PRESETS.r2)
  if (!isGiven) refuse(`cannot be "${access}" without /stores/${storeId}/${block}`)
}

function checkNames(
  { s3ConfigFields = {} }: EndpointDocument,
  pointer: string,
  faults: ConfigFault[],
) {
  const fixed = { accessId: 'accessId', accessSecret: 'accessSecret', bucketName: 'bucketName' }
  const names = { ...fixed, endpointUrl: 'endpointUrl', ...s3ConfigFields }
  const seen = new Set<string>()
  for (const [field, name] of Object.entries(names)) {
    if (seen.has(name)) {
      faults.push({
        pointer: `${pointer}/${field}`,
        message: `is the name of another field: "${name}"`,
      })
    }
    seen.add(name)
  }
}
