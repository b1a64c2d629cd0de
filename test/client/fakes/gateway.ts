import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** What a fake gateway and its store are made to do. */
export interface FakeOptions {
  readonly partSize?: number
  /** Parts that are signed when an upload starts, and at most at a time later. */
  readonly signedParts?: number
  /** X-Amz-Expires of every URL. */
  readonly expiresSeconds?: number
  /** False: what has landed is what was reported. */
  readonly lists?: boolean
  /** False: answers to parts have no ETag that a client can see. */
  readonly showsEtags?: boolean
}

/** What becomes of one request: an answer, a broken connection, silence, or the usual. */
export type Fate =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'reset'
  | 'stall'
  | undefined

export interface FakeUpload {
  readonly uploadId: string
  readonly filename: string | undefined
  readonly contentType: string | undefined
  readonly sha256: string | undefined
  readonly size: number
  readonly parts: Map<number, Buffer>
  readonly reported: Map<number, string>
  complete: boolean
}

/** One request as it came. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A gateway with its store that keep to the contract as the client knows it, on loopback. */
export interface FakeGateway {
  readonly url: string
  readonly seen: readonly Seen[]
  readonly uploads: Map<string, FakeUpload>
  /** Decides what becomes of a request, before anything is done. */
  fate: (method: string, path: string) => Fate
  /** Statuses that a job has, one for each question; the last one stays. */
  statuses: string[]
  /** The most parts that were under way at once. */
  readonly atOnce: () => number
  bytesOf(uploadId: string): Buffer
  close(): Promise<void>
}

const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`

export async function startFakeGateway(options: FakeOptions = {}): Promise<FakeGateway> {
  const { partSize = 1_000, signedParts = 3, expiresSeconds = 900 } = options
  const { lists = true, showsEtags = true } = options
  const uploads = new Map<string, FakeUpload>()
  const seen: Seen[] = []
  let underWay = 0
  let most = 0
  let generation = 0
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port')
  const url = `http://127.0.0.1:${address.port}`

  function signed(uploadId: string, numbers: readonly number[]) {
    generation += 1
    return numbers.map((partNumber) => ({
      partNumber,
      method: 'PUT',
      url: `${url}/store/${uploadId}/${partNumber}?X-Amz-Expires=${expiresSeconds}&g=${generation}`,
      headers: { 'content-length': '1', 'x-amz-checked': 'yes' },
    }))
  }
  const expiresAt = '2026-12-01T00:00:00.000Z'
  const urlsExpireAt = '2026-11-22T00:00:00.000Z'
  const countOf = ({ size }: { size: number }) => Math.max(1, Math.ceil(size / partSize))

  function show(upload: FakeUpload) {
    const { uploadId, size, filename, contentType } = upload
    const landed = lists
      ? [...upload.parts].map(([partNumber, bytes]) => ({
          partNumber,
          size: bytes.length,
          etag: etagOf(bytes),
        }))
      : [...upload.reported].map(([partNumber, etag]) => ({ partNumber, size: 0, etag }))
    const facts = { uploadId, ref: `bulkway:${uploadId}`, size, filename, contentType, expiresAt }
    const state = upload.complete ? 'complete' : 'open'
    return { ...facts, state, partSize, partCount: countOf(upload), landed }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request
    const isPart = path.startsWith('/store/')
    const fate = api.fate(method, path)
    if (fate === 'reset') return void request.socket.resetAndDestroy()
    if (isPart) most = Math.max(most, ++underWay)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
      // Long enough for the next one to come meanwhile.
      if (isPart) await new Promise((resolve) => setTimeout(resolve, 5))
    } finally {
      if (isPart) underWay -= 1
    }
    const body = Buffer.concat(chunks)
    seen.push({ method, path, headers, body })
    if (fate === 'stall') return
    if (fate !== undefined) {
      response.writeHead(fate.status, fate.headers).end(fate.body)
      return
    }
    if (isPart) return putPart(path, body, response)
    const [status, value] = gateway(method, path, body)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(value === undefined ? '' : JSON.stringify(value))
  }

  function putPart(path: string, body: Buffer, response: ServerResponse): void {
    const [, , uploadId = '', last = ''] = path.split('/')
    const upload = uploads.get(uploadId)
    if (upload === undefined) return void response.writeHead(404).end()
    upload.parts.set(Number.parseInt(last, 10), body)
    response.writeHead(200, showsEtags ? { etag: etagOf(body) } : {}).end()
  }

  function gateway(method: string, path: string, bytes: Buffer): [number, unknown?] {
    const [, , , kind, id = '', action] = path.split(/[/?]/)
    const body = bytes.length === 0 ? {} : JSON.parse(bytes.toString())
    if (kind === 'run' || kind === 'runsync') return [200, { id: 'job-1', status: 'IN_QUEUE' }]
    if (kind === 'cancel') return [200, { id, status: 'CANCELLED' }]
    if (kind === 'status') {
      const [status] = api.statuses.length > 1 ? api.statuses.splice(0, 1) : api.statuses
      return [200, { id, status, output: status === 'COMPLETED' ? { fine: true } : undefined }]
    }
    if (kind === 'uploads' && id === '') return start(body)
    const upload = uploads.get(id)
    if (upload === undefined) return problem(404, 'upload_not_found')
    if (method === 'DELETE') {
      uploads.delete(id)
      return [204]
    }
    if (action === 'parts') {
      if (body.partNumbers.length > signedParts) return problem(400, 'invalid_request')
      for (const { partNumber, etag } of body.landed ?? []) upload.reported.set(partNumber, etag)
      return [200, { parts: signed(id, body.partNumbers), urlsExpireAt, expiresAt }]
    }
    if (action === 'complete') return complete(upload, body.parts)
    return [200, show(upload)]
  }

  function start(body: {
    size: number
    filename?: string
    contentType?: string
    checksum?: { value: string }
  }): [number, unknown] {
    const sha256 = body.checksum?.value
    for (const one of uploads.values()) {
      if (sha256 === undefined || one.sha256 !== sha256 || !one.complete) continue
      const { uploadId, size } = one
      return [200, { exists: true, uploadId, ref: `bulkway:${uploadId}`, size, expiresAt }]
    }
    const uploadId = `u${uploads.size + 1}`
    const { size, filename, contentType } = body
    const fresh = { parts: new Map(), reported: new Map(), complete: false }
    const upload = { uploadId, size, filename, contentType, sha256, ...fresh }
    uploads.set(uploadId, upload)
    const first = Array.from({ length: Math.min(countOf(body), signedParts) }, (_, at) => at + 1)
    return [201, { ...show(upload), parts: signed(uploadId, first), urlsExpireAt }]
  }

  function complete(
    upload: FakeUpload,
    parts: readonly { partNumber: number; etag: string }[],
  ): [number, unknown] {
    const whole = parts.every(({ partNumber, etag }, at) => {
      const bytes = upload.parts.get(partNumber)
      return partNumber === at + 1 && bytes !== undefined && etagOf(bytes) === etag
    })
    if (!whole || parts.length !== countOf(upload)) return problem(409, 'upload_incomplete')
    if (api.bytesOf(upload.uploadId).length !== upload.size) return problem(400, 'upload_mismatch')
    upload.complete = true
    return [200, show(upload)]
  }

  function problem(status: number, code: string): [number, unknown] {
    return [status, { code, status, detail: `It is ${code}`, requestId: 'req-1' }]
  }

  const api: FakeGateway = {
    url,
    seen,
    uploads,
    fate: () => undefined,
    statuses: ['COMPLETED'],
    atOnce: () => most,
    bytesOf(uploadId) {
      const parts = [...(uploads.get(uploadId)?.parts ?? [])].sort(([a], [b]) => a - b)
      return Buffer.concat(parts.map(([, bytes]) => bytes))
    },
    async close() {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
  return api
}
