import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreFacts } from '../store.ts'
import { createRestApi, type RestApi, type RestEndpoint } from './rest-api.ts'
import type { AccountKey } from './signature.ts'
import { createVolumeServer, type FakeVolume, type VolumeServer } from './volume-server.ts'

/** Network volumes of a stack. */
export interface StackVolumesOptions {
  /** The first is the store's own, the others its replicas; default one, in EU-RO-1. */
  readonly volumes?: readonly StackVolume[]
  /** Where workers see the volume; default: the first volume's directory, which any process has. */
  readonly mountPath?: string
  /** A real S3 server that the volumes' files are read from; default: their directories. */
  readonly behind?: StoreFacts | undefined
  /** What the management API tells of other endpoints than `volume`. */
  readonly endpoints?: readonly RestEndpoint[]
}

/** One network volume to start. */
export interface StackVolume {
  readonly id: string
  readonly dataCenterId: string
  /** Default: a folder of the stack's state. */
  readonly directory?: string
  /** What fits in; default: all. */
  readonly sizeBytes?: number
}

/** Running fakes of network volumes and of the API that says where they are. */
export interface StackVolumes {
  /** Key of the account, good for every volume. */
  readonly key: AccountKey
  readonly volumes: readonly (FakeVolume & { readonly dataCenterId: string })[]
  readonly mountPath: string
  readonly rest: RestApi
  /** The S3 API of a datacenter; default: the first volume's. */
  server(dataCenterId?: string): VolumeServer
  stop(): Promise<void>
}

/** Ports that the volumes of a stack take: the management API's, and one for each datacenter. */
export function volumePorts(first: number, { volumes = standard }: StackVolumesOptions): number[] {
  return Array.from({ length: 1 + datacentersOf(volumes).length }, (_, at) => first + at)
}

const standard: readonly StackVolume[] = [{ id: 'volume-dev', dataCenterId: 'EU-RO-1' }]

/** Starts them on loopback, from port `first` on; files and key stay in `directory`. */
export async function startVolumes(
  options: StackVolumesOptions & { readonly first: number; readonly directory: string },
): Promise<StackVolumes> {
  const { first, directory, volumes = standard } = options
  const stops: (() => Promise<void>)[] = []
  async function stop(): Promise<void> {
    for (const one of stops.splice(0).reverse()) await one()
  }
  await mkdir(directory, { recursive: true })
  const key = await keyOf(directory)
  const placed = volumes.map((one) => ({ directory: join(directory, one.id), ...one }))
  for (const one of placed) await mkdir(one.directory, { recursive: true })
  try {
    const rest = await createRestApi({ port: first })
    stops.push(() => rest.close())
    rest.apiKeys.add('rpa_dev')
    const servers = new Map<string, VolumeServer>()
    for (const [at, dataCenterId] of datacentersOf(volumes).entries()) {
      const own = placed.filter((one) => one.dataCenterId === dataCenterId)
      const port = first + 1 + at
      const server = await createVolumeServer({
        ...{ port, dataCenterId, volumes: own, keys: [key] },
        behind: options.behind,
      })
      stops.push(() => server.close())
      servers.set(dataCenterId, server)
    }
    for (const { id, dataCenterId, sizeBytes = 1e12 } of placed) {
      rest.volumes.set(id, { id, name: id, size: Math.ceil(sizeBytes / 1e9), dataCenterId })
    }

    const ids = placed.map(({ id }) => id)
    const own = { networkVolumeIds: ids, dataCenterIds: datacentersOf(volumes) }
    for (const endpoint of [{ id: 'volume', ...own }, ...(options.endpoints ?? [])]) {
      rest.endpoints.set(endpoint.id, endpoint)
    }

    function server(dataCenterId = volumes[0]?.dataCenterId ?? ''): VolumeServer {
      const found = servers.get(dataCenterId)
      if (found === undefined) throw new TypeError(`There is no volume in ${dataCenterId}`)
      return found
    }
    return {
      key,
      volumes: placed.map(({ id, dataCenterId }) =>
        Object.assign(server(dataCenterId).volume(id), { dataCenterId }),
      ),
      mountPath: options.mountPath ?? placed[0]?.directory ?? '',
      rest,
      server,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * The store `volume` and the endpoint `volume` of a gateway's configuration, and where it looks up
 * that they belong together.
 */
export function volumeConfig(running: StackVolumes, upstream: string) {
  const [first, ...others] = running.volumes.map(({ id, dataCenterId }) => ({
    bucket: id,
    dataCenterId,
    endpoint: running.server(dataCenterId).url,
  }))
  return {
    store: {
      kind: 'runpod-volume',
      ...first,
      ...(others.length > 0 && { replicas: others }),
      mountPath: running.mountPath,
      accessKeyId: { env: 'BULKWAY_VOLUME_ACCESS_KEY_ID' },
      secretAccessKey: { env: 'BULKWAY_VOLUME_SECRET_ACCESS_KEY' },
    },
    endpoint: {
      ...{ upstream, store: 'volume', as: 'path', access: 'volume', volumes: 'lookup' },
      ...(others.length > 0 && { severalVolumes: 'all' }),
    },
    runpod: { restUrl: running.rest.url, apiKey: { env: 'BULKWAY_RUNPOD_API_KEY' } },
  }
}

/** Secrets that the configuration refers to. */
export function volumeEnv({ key }: StackVolumes): Record<string, string> {
  return {
    BULKWAY_VOLUME_ACCESS_KEY_ID: key.accessKeyId,
    BULKWAY_VOLUME_SECRET_ACCESS_KEY: key.secretAccessKey,
    BULKWAY_RUNPOD_API_KEY: 'rpa_dev',
  }
}

function datacentersOf(volumes: readonly StackVolume[]): string[] {
  return [...new Set(volumes.map(({ dataCenterId }) => dataCenterId))]
}

async function keyOf(directory: string): Promise<AccountKey> {
  const path = join(directory, 'key.json')
  try {
    const { accessKeyId, secretAccessKey } = JSON.parse(await readFile(path, 'utf8'))
    return { accessKeyId, secretAccessKey }
  } catch {
    const key = {
      accessKeyId: `user_${randomBytes(20).toString('base64url').replace(/[-_]/g, '0')}`,
      secretAccessKey: `rps_${randomBytes(30).toString('base64url').replace(/[-_]/g, '0')}`,
    }
    await writeFile(path, JSON.stringify(key), { mode: 0o600 })
    return key
  }
}
