import {
  type Contest,
  cpuPerMegabyte,
  type Goal,
  growth,
  type Round,
  type Turn,
} from '../contest.ts'
import { measure } from '../load/measure.ts'
import { scaled } from '../load/scale.ts'
import { residentBytes } from '../process.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { launch, stopAll } from '../subjects/launch.ts'
import { findPython, startBoto3 } from '../uploads/boto3.ts'
import type { ClientUpload } from '../uploads/client.ts'
import { makeFile, type TemporaryFile } from '../uploads/file.ts'

/** The gateway's own size of parts (`uploads.partBytes`). */
const partBytes = 16 * 1024 * 1024
const concurrency = 4
/** Of the file whose SHA-256 is checked: several parts, the last one short. */
const checkedBytes = 4 * partBytes + 1_234_567

/** A process that uploads files. */
interface Uploader {
  readonly pid: number
  upload(path: string): Promise<number>
  stop(): Promise<void>
}

function seconds(round: Round, name: string): number {
  return round[name]?.seconds ?? Number.NaN
}

function peak(round: Round, name: string): number {
  return round[name]?.peakBytes ?? Number.NaN
}

function goalsOf(name: 'client' | 'client by fetch'): Goal[] {
  return [
    {
      figure: `${name}, time × boto3`,
      unit: '×',
      target: { atMost: 1.05 },
      of: (round) => seconds(round, name) / seconds(round, 'boto3'),
    },
    {
      figure: `${name}, time × boto3 that hashes`,
      unit: '×',
      of: (round) => seconds(round, name) / seconds(round, 'boto3, hashing'),
    },
    {
      figure: `${name}, CPU × boto3`,
      unit: '×',
      of: (round) => cpuPerMegabyte(round[name]) / cpuPerMegabyte(round['boto3']),
    },
    {
      figure: `${name}, peak of 2 GiB over that of 256 MiB`,
      unit: '×',
      target: { atMost: 1.1 },
      of: (round) => peak(round, name) / peak(round, `${name}, 256 MiB`),
    },
    { figure: `${name}, peak over idle`, unit: 'MB', of: (round) => growth(round[name]) },
  ]
}

/** One large file to the store, by presigned parts of the gateway and by the usual SDK. */
export const contest: Contest = {
  id: 'upload-client',
  title: 'Upload of a file of 2 GiB by the client',
  about:
    'A file from the disk’s cache to a store over loopback in parts of 16 MiB, four at a time: by `bulkway/client/node`, which the command line uses, and by `bulkway/client` with a Blob of Node and `fetch`, both through parts that the gateway presigns, and by `upload_file` of boto3, which signs for itself. boto3 is spared its two hashes of each part; beside it stands boto3 as it comes. CPU and memory are of the process that uploads, a new one for each turn.',
  async open() {
    const python = await findPython()
    const upstream = await launch('bench/sinks/upstream.ts')
    const store = await launch('bench/sinks/s3.ts')
    const env = { BULKWAY_LOG: 'warn', UPSTREAM: upstream.url, STORE: store.url }
    const gateway = await launch('bench/subjects/gateway.ts', env)
    const [checked, large, lesser] = [
      await makeFile(checkedBytes),
      await makeFile(scaled(2048)),
      await makeFile(scaled(256)),
    ]

    const startClient = (by: ClientUpload['by']) => async (): Promise<Uploader> => {
      const { pid, ask, stop } = await launch('bench/uploads/client.ts')
      const facts = { baseUrl: gateway.url, by, concurrency }
      return { pid, upload: (path) => ask('upload', { ...facts, path }), stop }
    }
    const startBoto = (hashing: boolean) => async (): Promise<Uploader> => {
      const { pid, upload, stop } = await startBoto3(python)
      const facts = { store: store.url, partBytes, concurrency, hashing }
      return { pid, upload: (path) => upload({ ...facts, path }), stop }
    }

    const turn =
      (start: () => Promise<Uploader>, file: TemporaryFile) => async (): Promise<Turn> => {
        const uploader = await start()
        try {
          const idleBytes = residentBytes(uploader.pid).now
          await store.ask('take')
          await store.ask('verify', { on: true })
          await uploader.upload(checked.path)
          await store.ask('verify', { on: false })
          const { hashes } = await store.ask<Arrivals>('take')
          if (hashes.join() !== checked.sha256)
            throw new Error(`Other bytes arrived: ${hashes.join()}`)
          const [took, used] = await measure(uploader, () => uploader.upload(file.path))
          const { bytes } = await store.ask<Arrivals>('take')
          if (bytes !== file.bytes) throw new Error(`${bytes} bytes arrived of ${file.bytes}`)
          return { seconds: took, bytes, idleBytes, ...used }
        } finally {
          await uploader.stop()
        }
      }

    return {
      turns: {
        client: turn(startClient('node'), large),
        boto3: turn(startBoto(false), large),
        'client by fetch': turn(startClient('fetch'), large),
        'boto3, hashing': turn(startBoto(true), large),
        'client, 256 MiB': turn(startClient('node'), lesser),
        'client by fetch, 256 MiB': turn(startClient('fetch'), lesser),
        'boto3, 256 MiB': turn(startBoto(false), lesser),
      },
      async close() {
        await stopAll([upstream, store, gateway])
        for (const file of [checked, large, lesser]) await file.remove()
      },
    }
  },
  goals: [
    ...goalsOf('client'),
    ...goalsOf('client by fetch'),
    {
      figure: 'boto3, peak of 2 GiB over that of 256 MiB',
      unit: '×',
      of: (round) => peak(round, 'boto3') / peak(round, 'boto3, 256 MiB'),
    },
  ],
}
