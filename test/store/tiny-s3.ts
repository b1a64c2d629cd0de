import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { StoreConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/log.ts'

/** What happens to one request: `lost` does the work but resets instead of answering. */
export type Fault = 'none' | 'reset' | 'stall' | 'lost' | 'half' | { status: number; code: string }

/** An S3 server in memory that checks no signature, takes parts of any size and fails on demand. */
export interface TinyS3 {
  readonly config: StoreConfig
  readonly objects: Map<string, { bytes: Buffer; contentType: string | undefined }>
  /** Uploads that are neither completed nor aborted, by id. */
  readonly open: Map<string, { key: string; parts: Map<number, Buffer> }>
  /** `PUT key`, `POST key?uploads` … in order. */
  readonly requests: string[]
  /** Called for every request with its line; decides its fault. */
  fault: (line: string) => Fault
  /** Parts being sent right now, and the most there ever were. */
  readonly load: { now: number; most: number }
  /** Parts that one page of ListParts names. */
  partsPerPage: number
  clear(): void
  stop(): Promise<void>
}

export async function startTinyS3(): Promise<TinyS3> {
  let uploads = 0
  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy())
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://tiny')
    const key = decodeURIComponent(url.pathname).replace(/^\/bucket\//, '')
    const own = [...url.searchParams.keys()].filter((name) => !name.startsWith('X-Amz-'))
    const line = `${request.method} ${key}${own.length === 0 ? '' : `?${own.join('&')}`}`
    tiny.requests.push(line)
    const fault = tiny.fault(line)
    if (fault === 'reset') return void request.socket.resetAndDestroy()
    if (fault === 'stall') return
    if (fault === 'half') {
      for await (const _ of request) return void request.socket.resetAndDestroy()
      return void request.socket.resetAndDestroy()
    }
    const isPart = url.searchParams.has('partNumber')
    if (isPart) tiny.load.most = Math.max(tiny.load.most, ++tiny.load.now)
    const body = await collect(request).finally(() => {
      if (isPart) tiny.load.now--
    })
    if (typeof fault === 'object') {
      response.statusCode = fault.status
      response.end(`<Error><Code>${fault.code}</Code><Message>as asked</Message></Error>`)
      return
    }
    if (Number(request.headers['content-length'] ?? 0) !== body.length) throw new Error('cut')
    const answer = act(request, url, key, body)
    if (fault === 'lost') return void request.socket.resetAndDestroy()
    response.writeHead(answer.status, answer.etag === undefined ? {} : { etag: answer.etag })
    response.end(answer.xml)
  }

  function act(request: IncomingMessage, url: URL, key: string, body: Buffer) {
    const { method } = request
    const uploadId = url.searchParams.get('uploadId')
    const open = uploadId === null ? undefined : tiny.open.get(uploadId)
    const missing = {
      status: 404,
      xml: '<Error><Code>NoSuchUpload</Code></Error>',
      etag: undefined,
    }
    if (method === 'POST' && url.searchParams.has('uploads')) {
      const id = `upload-${++uploads}`
      tiny.open.set(id, { key, parts: new Map() })
      const xml = `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`
      return { status: 200, xml, etag: undefined }
    }
    if (method === 'GET' && url.searchParams.has('uploads')) {
      const entries = [...tiny.open].map(
        ([id, one]) => `<Upload><Key>${one.key}</Key><UploadId>${id}</UploadId></Upload>`,
      )
      const xml = `<ListMultipartUploadsResult>${entries.join('')}</ListMultipartUploadsResult>`
      return { status: 200, xml, etag: undefined }
    }
    if (uploadId !== null) {
      if (open === undefined) return missing
      if (method === 'PUT') {
        const part = Number(url.searchParams.get('partNumber'))
        open.parts.set(part, body)
        return { status: 200, etag: `"part-${part}"`, xml: '' }
      }
      if (method === 'GET') return { status: 200, etag: undefined, xml: partsPage(url, open.parts) }
      tiny.open.delete(uploadId)
      if (method === 'DELETE') return { status: 204, xml: '', etag: undefined }
      const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map((m) => Number(m[1]))
      const bytes = Buffer.concat(numbers.map((n) => open.parts.get(n) ?? Buffer.from('missing')))
      tiny.objects.set(open.key, { bytes, contentType: undefined })
      const xml =
        '<CompleteMultipartUploadResult><ETag>"all"</ETag></CompleteMultipartUploadResult>'
      return { status: 200, xml, etag: undefined }
    }
    if (method === 'PUT') {
      const conflict = request.headers['if-none-match'] === '*' && tiny.objects.has(key)
      if (conflict) return { status: 412, xml: '', etag: undefined }
      tiny.objects.set(key, { bytes: body, contentType: request.headers['content-type'] })
      return { status: 200, etag: '"whole"', xml: '' }
    }
    const object = tiny.objects.get(key)
    if (method === 'DELETE') {
      tiny.objects.delete(key)
      return { status: 204, xml: '', etag: undefined }
    }
    if (object === undefined) return { ...missing, xml: '' }
    return { status: 200, etag: '"whole"', xml: object.bytes }
  }

  function partsPage(url: URL, parts: Map<number, Buffer>): string {
    const after = Number(url.searchParams.get('part-number-marker') ?? 0)
    const left = [...parts].filter(([number]) => number > after).sort(([a], [b]) => a - b)
    const page = left.slice(0, tiny.partsPerPage)
    const entries = page.map(
      ([number, { length }]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>&quot;part-${number}&quot;</ETag><Size>${length}</Size></Part>`,
    )
    const more = `<IsTruncated>${page.length < left.length}</IsTruncated>`
    const next = `<NextPartNumberMarker>${page.at(-1)?.[0] ?? 0}</NextPartNumberMarker>`
    return `<ListPartsResult>${more}${next}${entries.join('')}</ListPartsResult>`
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const tiny: TinyS3 = {
    config: {
      id: 'tiny',
      kind: 's3',
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      bucket: 'bucket',
      pathStyle: true,
      presign: true,
      accessKeyId: new Secret('test'),
      secretAccessKey: new Secret('testtest'),
    },
    objects: new Map(),
    open: new Map(),
    requests: [],
    fault: () => 'none',
    load: { now: 0, most: 0 },
    partsPerPage: 1000,
    clear() {
      tiny.objects.clear()
      tiny.open.clear()
      tiny.requests.length = 0
      tiny.fault = () => 'none'
      tiny.load.now = 0
      tiny.load.most = 0
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return tiny
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}
