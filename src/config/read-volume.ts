import { DEFAULTS } from '../contract/defaults.gen.ts'
import type { VolumeConfig, VolumeMember } from './config.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { parseBaseUrl } from './parse-url.ts'

type StoreDocument = ConfigDocument['stores'][string]

/** What a network volume says of itself, and what follows for the requests to its S3 API. */
export interface ReadVolume {
  readonly endpoint: string
  readonly region: string
  readonly volume: VolumeConfig
}

const only = [
  'dataCenterId',
  'replicas',
  'mountPath',
  'prefix',
  'sharedPaths',
  'exclusive',
] as const

/** Names the fields that only a network volume has, where they stand at another store, and its address. */
export function checkNoVolume(
  document: StoreDocument,
  pointer: string,
  faults: ConfigFault[],
): void {
  for (const name of only) {
    if (document[name] === undefined) continue
    const message = 'is for stores of kind "runpod-volume" alone'
    faults.push({ pointer: `${pointer}/${name}`, message })
  }
  // Its presigned URLs would show the account's key id, and none would work.
  const host = URL.parse(document.endpoint ?? '')?.hostname ?? ''
  if (!/^s3api-[a-z0-9-]+\.runpod\.io\.?$/.test(host)) return
  const message = 'must be "runpod-volume": its endpoint is the S3 API of network volumes'
  faults.push({ pointer: `${pointer}/kind`, message })
}

/**
 * Reads a store of kind `runpod-volume`. Its requests are signed in the header for the datacenter,
 * the bucket in the path; there are no presigned URLs and no keys but the account's own.
 */
export function readVolume(
  document: StoreDocument,
  pointer: string,
  faults: ConfigFault[],
): ReadVolume {
  const { bucket, dataCenterId, replicas = [] } = document
  if (dataCenterId === undefined) {
    const message = 'is required: the datacenter of the volume, such as EU-RO-1'
    faults.push({ pointer: `${pointer}/dataCenterId`, message })
  }
  refuse(document, pointer, faults)
  const first = readMember(
    { ...document, bucket, dataCenterId: dataCenterId ?? '' },
    pointer,
    faults,
  )
  const others = replicas.map((replica, index) =>
    readMember(replica, `${pointer}/replicas/${index}`, faults),
  )
  const members = Object.freeze([first, ...others])
  checkMembers(members, pointer, faults)
  const settings = { ...DEFAULTS.ConfigStore, ...document }
  const { prefix, exclusive, mountPath, completePollSeconds, completeMaxSeconds } = settings
  const sharedPaths = Object.freeze([...(document.sharedPaths ?? [])])
  sharedPaths.forEach((path, index) => {
    if (!path.startsWith(prefix) && !prefix.startsWith(path)) return
    const message = `must lie beside the gateway's own folder ${prefix}, not around or in it`
    faults.push({ pointer: `${pointer}/sharedPaths/${index}`, message })
  })
  const mounted = readMountPath(mountPath, pointer, faults)
  return {
    endpoint: first.endpoint,
    region: first.dataCenterId,
    volume: Object.freeze({
      ...{ mountPath: mounted, prefix, sharedPaths, exclusive, members },
      ...{ completePollSeconds, completeMaxSeconds },
    }),
  }
}

/** Names stores that share a volume but not whether one job at a time writes to it. */
export function checkSharedVolumes(
  stores: ReadonlyMap<string, { readonly volume?: VolumeConfig }>,
  faults: ConfigFault[],
): void {
  const seen = new Map<string, { readonly id: string; readonly exclusive: boolean }>()
  for (const [id, { volume }] of stores) {
    for (const { bucket } of volume?.members ?? []) {
      const exclusive = volume?.exclusive ?? false
      const first = seen.get(bucket) ?? { id, exclusive }
      seen.set(bucket, first)
      if (first.exclusive === exclusive) continue
      const message = `must be ${first.exclusive}, as at "${first.id}": both are the volume ${bucket}`
      faults.push({ pointer: `/stores/${id}/exclusive`, message })
    }
  }
}

function refuse(document: StoreDocument, pointer: string, faults: ConfigFault[]): void {
  const push = (name: string, message: string) =>
    faults.push({ pointer: `${pointer}/${name}`, message })
  if (document.presign === true) push('presign', 'must not be true: volumes have no presigned URLs')
  if (document.pathStyle === false)
    push('pathStyle', 'must not be false: volumes stand in the path')
  const { region, dataCenterId } = document
  if (region !== undefined && dataCenterId !== undefined && region !== dataCenterId) {
    push('region', `must be left out: requests are signed for the datacenter, ${dataCenterId}`)
  }
  for (const name of ['sts', 'webIdentity', 'r2', 'b2'] as const) {
    if (document[name] === undefined) continue
    push(name, "must be left out: a volume's keys cover the whole account, and it issues no others")
  }
}

function readMember(
  given: {
    readonly bucket: string
    readonly dataCenterId: string
    readonly endpoint?: string | undefined
  },
  pointer: string,
  faults: ConfigFault[],
): VolumeMember {
  const { bucket, dataCenterId } = given
  const endpoint = parseBaseUrl(
    given.endpoint ?? `https://s3api-${dataCenterId.toLowerCase() || 'unknown'}.runpod.io`,
    `${pointer}/endpoint`,
    faults,
    false,
  )
  const named = /^s3api-([a-z0-9-]+)\.runpod\.io$/.exec(URL.parse(endpoint)?.hostname ?? '')?.[1]
  if (dataCenterId !== '' && named !== undefined && named !== dataCenterId.toLowerCase()) {
    const message = `is the S3 API of ${named.toUpperCase()}, the volume is in ${dataCenterId}`
    faults.push({ pointer: `${pointer}/endpoint`, message })
  }
  return Object.freeze({ bucket, dataCenterId, endpoint })
}

/** No worker's datacenter has two volumes of one endpoint, and no volume is written to twice. */
function checkMembers(
  members: readonly VolumeMember[],
  pointer: string,
  faults: ConfigFault[],
): void {
  members.forEach(({ bucket, dataCenterId }, index) => {
    const at = `${pointer}/replicas/${index - 1}`
    const before = members.slice(0, index)
    if (before.some((other) => other.bucket === bucket)) {
      faults.push({ pointer: `${at}/bucket`, message: `names the volume ${bucket} again` })
    }
    const same = dataCenterId.toLowerCase()
    if (before.some((other) => other.dataCenterId.toLowerCase() === same)) {
      const message = `is ${dataCenterId} again: an endpoint has one volume in a datacenter`
      faults.push({ pointer: `${at}/dataCenterId`, message })
    }
  })
}

function readMountPath(text: string, pointer: string, faults: ConfigFault[]): string {
  const path = text.replace(/\/+$/, '')
  const segments = path.split('/').slice(1)
  const isPlain = segments.every((segment) => !['', '.', '..'].includes(segment))
  if (path === '' || !isPlain) {
    const message = 'must be a path of plain segments, such as /runpod-volume'
    faults.push({ pointer: `${pointer}/mountPath`, message })
  }
  return path
}
