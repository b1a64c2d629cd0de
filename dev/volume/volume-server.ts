/**
 * A fake of one datacenter's S3 API for network volumes (`s3api-{datacenter}.runpod.io`), over
 * directories as workers have them mounted. It has that API's operations, limits and quirks, and
 * no more: signatures in the header only, no DeleteObjects, no conditions on writes, no content
 * types. Gaps: rate limits; what the real one answers to a broken path is not documented.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { StoreFacts } from '../store.ts'
import { createMirroredFiles } from './mirrored-files.ts'
import {
  defaultQuirks,
  type VolumeFault,
  type VolumeOperation,
  type VolumeQuirks,
  type VolumeState,
} from './quirks.ts'
import { Refusal, refusalOf } from './refusal.ts'
import { serveOperation } from './serve-operation.ts'
import { type AccountKey, checkSignature } from './signature.ts'
import { createVolumeFiles, type VolumeFiles } from './volume-files.ts'
import { type NamedRequest, nameRequest } from './volume-operations.ts'
import { createVolumeUploads, type VolumeUploads } from './volume-uploads.ts'
import { renderXml } from './volume-xml.ts'

/** One volume of the datacenter. */
export interface VolumeOptions {
  /** The volume's id, which is its bucket's name. */
  readonly id: string
  /** Where its files lie; must exist. */
  readonly directory: string
  /** What fits in; default: all. */
  readonly sizeBytes?: number
}

/** One request, as it was answered. */
export interface VolumeRequest {
  readonly operation: VolumeOperation | undefined
  readonly bucket: string
  readonly key: string
  /** 0 while it is being answered. */
  status: number
}

/** A volume of a running fake. */
export interface FakeVolume {
  readonly id: string
  readonly directory: string
  readonly files: VolumeFiles
  readonly uploads: VolumeUploads
  /** Set at will. */
  state: VolumeState
  sizeBytes: number
}

/** A running fake of one datacenter. */
export interface VolumeServer {
  /** `http://127.0.0.1:{port}`: the store's `endpoint`. */
  readonly url: string
  readonly dataCenterId: string
  readonly quirks: VolumeQuirks
  /** Every request so far. */
  readonly log: readonly VolumeRequest[]
  volume(id: string): FakeVolume
  /** Puts a fault in force. */
  fault(fault: VolumeFault): void
  /** Takes every quirk, fault and state back, and empties the log. */
  clear(): void
  close(): Promise<void>
}

/** Starts the S3 API of a datacenter on loopback. */
export async function createVolumeServer(options: {
  /** 0 takes a free one. */
  readonly port: number
  readonly dataCenterId: string
  readonly volumes: readonly VolumeOptions[]
  readonly keys: readonly AccountKey[]
  /** A real S3 server that the files are read from; default: the directory itself. */
  readonly behind?: StoreFacts | undefined
  readonly now?: () => number
}): Promise<VolumeServer> {
  const { dataCenterId, keys, behind, now = Date.now } = options
  const quirks = defaultQuirks()
  const log: VolumeRequest[] = []
  const volumes = new Map<string, FakeVolume>()
  let faults: { readonly fault: VolumeFault; left: number }[] = []

  for (const { id, directory, sizeBytes = Number.POSITIVE_INFINITY } of options.volumes) {
    const size = () => volume.sizeBytes
    const ownFiles = createVolumeFiles(directory, size)
    const files = behind === undefined ? ownFiles : createMirroredFiles(ownFiles, behind)
    const uploads = createVolumeUploads(files, size)
    const volume: FakeVolume = { id, directory, files, uploads, state: 'running', sizeBytes }
    volumes.set(id, volume)
  }

  function strike({ operation, key, query }: NamedRequest): VolumeFault | undefined {
    const place = key === '' ? (query.get('prefix') ?? '') : key
    const planted = faults.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.operation ?? operation) === operation &&
        (fault.key === undefined || fault.key.test(place)),
    )
    if (planted === undefined) return undefined
    planted.left -= 1
    return planted.fault
  }

  function find({ operation, bucket }: NamedRequest): FakeVolume | undefined {
    const all = [...volumes.values()]
    if (operation === 'ListBuckets') return undefined
    if (all.some(({ state, id }) => state === 'unfunded' && id === bucket)) {
      throw new Refusal(402, 'PaymentRequired', 'The account’s balance is too low')
    }
    const volume = volumes.get(bucket)
    if (volume === undefined || volume.state !== 'running') {
      throw new Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist')
    }
    return volume
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry: VolumeRequest = { operation: undefined, bucket: '', key: '', status: 0 }
    log.push(entry)
    const noted = log.length - 1
    response.once('close', () => {
      entry.status = response.statusCode
    })
    const at = now() + quirks.clockOffsetMs
    const payloadHash = checkSignature(request, keys, dataCenterId, at)
    const named = nameRequest(request)
    const { operation, bucket, key } = named
    Object.assign(log[noted] ?? {}, { operation, bucket, key })
    const fault = strike(named)
    if (fault !== undefined && fault.after !== true) throw refusalFor(fault)
    const volume = find(named)
    const scene = { request, response, named, payloadHash, quirks, volumes: [...volumes.values()] }
    const answer = await serveOperation(scene, volume)
    if (fault !== undefined) throw refusalFor(fault)
    await answer()
  }

  const server = createServer((request, response) => {
    request.on('error', () => {})
    response.on('error', () => {})
    serve(request, response).catch(async (thrown: unknown) => {
      const gone = request.destroyed && !request.complete
      if (gone || response.headersSent) {
        response.destroy()
        return
      }
      await drain(request)
      refuse(request, response, refusalOf(thrown))
    })
  })
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port

  return {
    url: `http://127.0.0.1:${port}`,
    dataCenterId,
    quirks,
    log,
    volume(id) {
      const volume = volumes.get(id)
      if (volume === undefined) throw new TypeError(`There is no volume ${id}`)
      return volume
    },
    fault: (fault) => faults.push({ fault, left: fault.times ?? 1 }),
    clear() {
      faults = []
      Object.assign(quirks, defaultQuirks())
      for (const { id, sizeBytes = Number.POSITIVE_INFINITY } of options.volumes) {
        Object.assign(volumes.get(id) ?? {}, { state: 'running', sizeBytes })
      }
      log.length = 0
    },
    async close() {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
}

function refusalFor({ status, code }: VolumeFault): Refusal {
  return new Refusal(status, code ?? '', code === undefined ? `error code: ${status}` : 'As asked')
}

function refuse({ method }: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof Refusal
  const status = known ? error.status : 500
  const message = error instanceof Error ? error.message : `${error}`
  const isPage = known && error.code === ''
  const code = known ? error.code : 'InternalError'
  const body = isPage
    ? `<!DOCTYPE html><html><body>${message}</body></html>`
    : renderXml('Error', [
        ['Code', code],
        ['Message', message],
      ])
  response.writeHead(status, {
    'content-type': isPage ? 'text/html' : 'application/xml',
    'content-length': Buffer.byteLength(body),
  })
  response.end(method === 'HEAD' ? undefined : body)
}

async function drain(request: IncomingMessage): Promise<void> {
  try {
    for await (const _ of request.iterator({ destroyOnReturn: false }));
  } catch {
    // The caller has gone.
  }
}
