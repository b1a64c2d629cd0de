import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'

type EndpointDocument = ConfigDocument['endpoints'][string]
type StoreDocument = ConfigDocument['stores'][string]

/**
 * Notes where an endpoint's workers do not run beside its store's network volumes, as far as the
 * document tells, and where it leaves that to a lookup which cannot be made.
 */
export function checkDataCenters(
  endpoint: EndpointDocument,
  { stores, stateStore, runpod }: ConfigDocument,
  at: (field: keyof EndpointDocument) => string,
  faults: ConfigFault[],
): void {
  const storeId = endpoint.store ?? stateStore
  const store = Object.hasOwn(stores, storeId) ? stores[storeId] : undefined
  if (store?.kind !== 'runpod-volume') return
  if (endpoint.dataCenterIds !== undefined) {
    checkPlaces(endpoint, endpoint.dataCenterIds, { ...store, storeId }, at, faults)
  }
  if (endpoint.volumes !== 'lookup' || endpoint.access !== 'volume') return
  const refuse = (message: string) => faults.push({ pointer: at('volumes'), message })
  if (runpod === undefined) refuse('cannot be "lookup" without /runpod, which says where to ask')
  else if (runpod.apiKey === undefined && endpoint.upstreamKey === undefined) {
    refuse('cannot be "lookup" without /runpod/apiKey, or an upstreamKey that may read endpoints')
  }
}

function checkPlaces(
  { severalVolumes }: EndpointDocument,
  dataCenterIds: readonly string[],
  store: StoreDocument & { readonly storeId: string },
  at: (field: keyof EndpointDocument) => string,
  faults: ConfigFault[],
): void {
  const { storeId, bucket, dataCenterId = '', replicas = [] } = store
  const members = [{ bucket, dataCenterId }, ...replicas]
  const run = dataCenterIds.join(', ')
  const has = (places: readonly string[], place: string) =>
    places.some((one) => one.toLowerCase() === place.toLowerCase())
  for (const member of members) {
    if (has(dataCenterIds, member.dataCenterId)) continue
    const message = `cannot be "${storeId}": its volume ${member.bucket} is in ${member.dataCenterId}, the endpoint's workers run in ${run}`
    faults.push({ pointer: at('store'), message })
  }
  const places = members.map((member) => member.dataCenterId)
  const without = dataCenterIds.filter((place) => !has(places, place))
  if (without.length > 0 && without.length < dataCenterIds.length) {
    const message = `names ${without.join(', ')}, where the store "${storeId}" has no volume (it has ${places.join(', ')}): add one to /stores/${storeId}/replicas`
    faults.push({ pointer: at('dataCenterIds'), message })
  }
  if (dataCenterIds.length > 1 && severalVolumes !== 'all') {
    const message = `must be "all" where the workers run in several datacenters (${run}): each has a volume of its own, and all are written to`
    faults.push({ pointer: at('severalVolumes'), message })
  }
}
