import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVolumeServer, type VolumeServer } from '../../../dev/volume/volume-server.ts'
import type { StoreConfig } from '../../../src/config/config.ts'
import { Secret } from '../../../src/log.ts'
import type { OutgoingBody, Platform } from '../../../src/platform.ts'
import { createNodePlatform } from '../../../src/runtimes/node-platform.ts'
import type { ObjectStore } from '../../../src/store/store.ts'
import { createVolumeStore } from '../../../src/store/volume/volume-store.ts'

const places = ['EU-RO-1', 'US-KS-2', 'US-CA-2'] as const

/** A store of as many volumes as are wanted, each the fake of a datacenter over a directory. */
export interface VolumeBed {
  readonly servers: readonly VolumeServer[]
  readonly directories: readonly string[]
  readonly config: StoreConfig
  readonly store: ObjectStore
  /** Milliseconds that were waited for, none of them really. */
  readonly waits: number[]
  open(change?: Partial<StoreConfig>, platform?: Partial<Platform>): ObjectStore
  close(): Promise<void>
}

/** Volume ids are `vol1`, `vol2` …; waits are over at once. */
export async function openVolumes(count: number): Promise<VolumeBed> {
  const directories: string[] = []
  const servers: VolumeServer[] = []
  for (const [index, dataCenterId] of places.slice(0, count).entries()) {
    const directory = await mkdtemp(join(tmpdir(), 'bulkway-volume-'))
    directories.push(directory)
    const volumes = [{ id: `vol${index + 1}`, directory }]
    const keys = [{ accessKeyId: 'user_1', secretAccessKey: 'rps_secret' }]
    servers.push(await createVolumeServer({ port: 0, dataCenterId, volumes, keys }))
  }
  const members = servers.map(({ url, dataCenterId }, index) => {
    return { bucket: `vol${index + 1}`, dataCenterId, endpoint: url }
  })
  const config: StoreConfig = {
    ...{ id: 'volume', kind: 'runpod-volume', bucket: 'vol1', region: 'EU-RO-1' },
    ...{ endpoint: servers[0]?.url ?? '', pathStyle: true, presign: false },
    accessKeyId: new Secret('user_1'),
    secretAccessKey: new Secret('rps_secret'),
    volume: {
      ...{ mountPath: '/runpod-volume', prefix: 'bulkway/', sharedPaths: ['models/'] },
      ...{ exclusive: false, members, completePollSeconds: 0.02, completeMaxSeconds: 3 },
    },
  }
  const waits: number[] = []
  const node = createNodePlatform({ write() {} })
  const open = (change: Partial<StoreConfig> = {}, platform: Partial<Platform> = {}) =>
    createVolumeStore(
      { ...config, ...change },
      {
        ...node,
        async wait(ms) {
          waits.push(ms)
          // A little, for what goes on behind an edge.
          await node.wait(Math.min(ms, 20))
        },
        ...platform,
      },
      { idleTimeoutMs: 2000 },
    )
  return {
    ...{ servers, directories, config, waits, open, store: open() },
    async close() {
      await Promise.all(servers.map((server) => server.close()))
      await Promise.all(directories.map((path) => rm(path, { recursive: true, force: true })))
    },
  }
}

/** Bytes as they come from a client, in small chunks whose memory is used again. */
export function streamOf(bytes: Uint8Array, chunkBytes: number): OutgoingBody & { reads: number } {
  const buffer = new Uint8Array(chunkBytes)
  let at = 0
  return {
    length: bytes.length,
    reads: 0,
    async read() {
      this.reads++
      buffer.fill(0)
      const chunk = bytes.subarray(at, at + chunkBytes)
      at += chunk.length
      if (chunk.length === 0) return undefined
      buffer.set(chunk)
      return buffer.subarray(0, chunk.length)
    },
    async cancel() {
      at = bytes.length
    },
  }
}

/** Code and detail of what a promise is refused with. */
export async function faultOf(asked: Promise<unknown>): Promise<{ code: string; detail: string }> {
  try {
    await asked
  } catch (error) {
    const { code = '', detail = String(error) } = error as { code?: string; detail?: string }
    return { code, detail }
  }
  throw new Error('It was not refused')
}
