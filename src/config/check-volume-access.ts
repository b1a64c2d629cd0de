import { isNative } from './check-native-access.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'

type EndpointDocument = ConfigDocument['endpoints'][string]

/**
 * Notes where paths are asked for that no worker would find, and where a network volume is to give
 * away what it has only one of: the keys of the whole account.
 */
export function checkVolumeAccess(
  endpoint: EndpointDocument,
  { stores, stateStore }: ConfigDocument,
  at: (field: keyof EndpointDocument) => string,
  faults: ConfigFault[],
): void {
  const { access, as, files, rules = [] } = endpoint
  const storeId = endpoint.store ?? stateStore
  const store = Object.hasOwn(stores, storeId) ? stores[storeId] : undefined
  const refuse = (pointer: string, message: string) => faults.push({ pointer, message })

  const refusePath = (pointer: string, form: string | undefined) => {
    if (form !== 'path' || access === 'volume') return
    refuse(
      pointer,
      `must not be "path" where access is "${access}": set access to "volume", with a store of kind "runpod-volume"`,
    )
  }
  refusePath(at('as'), as)
  rules.forEach((rule, index) => {
    refusePath(`${at('rules')}/${index}/as`, rule.as)
  })

  if (store === undefined) return
  if (store.kind !== 'runpod-volume') {
    if (access !== 'volume') return
    refuse(
      at('access'),
      `cannot be "volume" with the store "${storeId}" of kind "${store.kind}": its kind must be "runpod-volume"`,
    )
    return
  }
  if (isNative(access)) {
    refuse(
      at('access'),
      `cannot be "${access}" with the store "${storeId}": the keys of a network volume cover the whole account and do not expire. Use "volume" or "job-bucket"`,
    )
  }
  if (files === 'redirect') {
    refuse(
      at('files'),
      `must not be "redirect" with the store "${storeId}": a network volume has no presigned URLs`,
    )
  }
}
