import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { listen, takeCommands } from '../subjects/control.ts'
import { OrderedHash } from './ordered-hash.ts'
import { SmallObjects } from './small-objects.ts'

/**
 * An S3 store that costs next to nothing: keeps objects below 1 MiB, counts and drops the rest,
 * checks no signature. Of what was put together of parts it knows the size. A key that ends in
 * `generated-BYTES` can be read: that many zeros.
 * Commands: `verify` {on} has it hash payloads; `take` gives and forgets what arrived.
 */

const keptBytes = 1024 * 1024
const objects = new SmallObjects()
interface Upload {
  readonly hash: OrderedHash | undefined
  /** Size and ETag by part number, for `ListParts`. */
  readonly parts: Map<number, { readonly size: number; readonly etag: string }>
}
const uploads = new Map<string, Upload>()
/** Bytes of the objects that were put together of parts. */
const completed = new Map<string, number>()
/** `x-amz-meta-…` of small objects, by key. */
const metadata = new Map<string, Record<string, string>>()
const zeros = Buffer.alloc(256 * 1024)
let verifying = false
let requests = 0
let bytes = 0
let hashes: string[] = []
let made = 0

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    response.statusCode = 500
    response.end(`<Error><Code>InternalError</Code><Message>${error}</Message></Error>`)
  })
})
server.requestTimeout = 0

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  requests++
  const url = new URL(request.url ?? '/', 'http://sink')
  const key = decodeURIComponent(url.pathname).split('/').slice(2).join('/')
  const query = url.searchParams
  const { method } = request
  if (method === 'PUT') await put(request, response, key, query)
  else if (method === 'POST') await post(request, response, key, query)
  else if (method === 'DELETE') {
    uploads.delete(query.get('uploadId') ?? '')
    if (!query.has('uploadId')) {
      objects.delete(key)
      completed.delete(key)
    }
    response.writeHead(204).end()
  } else if (query.has('uploadId')) listParts(response, query)
  else if (key === '') list(response, query)
  else get(response, key, method === 'HEAD')
}

async function put(
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
  query: URLSearchParams,
): Promise<void> {
  const upload = uploads.get(query.get('uploadId') ?? '')
  if (query.has('uploadId')) {
    if (upload === undefined) {
      refuse(response, 404, 'NoSuchUpload')
      return
    }
    const partNumber = Number(query.get('partNumber'))
    if (upload.hash === undefined) await drop(request)
    else upload.hash.add(partNumber, await count(request))
    const etag = `"part-${++made}"`
    upload.parts.set(partNumber, { size: Number(request.headers['content-length']), etag })
    response.writeHead(200, { etag }).end()
    return
  }
  if (Number(request.headers['content-length'] ?? keptBytes) >= keptBytes) {
    if (verifying) addHash(await count(request))
    else await drop(request)
    response.writeHead(200, { etag: `"large-${++made}"` }).end()
    return
  }
  const { 'if-none-match': none, 'if-match': match, 'content-type': contentType } = request.headers
  const condition = none === '*' ? 'absent' : match === undefined ? undefined : { etag: match }
  const body = await buffer(request)
  const etag = objects.put(key, body, {
    ...(condition !== undefined && { condition }),
    ...(contentType !== undefined && { contentType }),
  })
  if (etag === undefined) refuse(response, 412, 'PreconditionFailed')
  else {
    metadata.set(key, metadataOf(request))
    response.writeHead(200, { etag }).end()
  }
}

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'))
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]))
}

/** Reads a payload to its end and drops it. */
function drop(request: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('end', resolve)
    request.on('error', reject)
  })
}

async function count(request: IncomingMessage): Promise<Buffer> {
  const body = await buffer(request)
  bytes += body.length
  return body
}

function addHash(body: Uint8Array): void {
  const hash = new OrderedHash()
  hash.add(1, body)
  hashes.push(hash.digest())
}

async function post(
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
  query: URLSearchParams,
): Promise<void> {
  await buffer(request)
  if (query.has('uploads')) {
    const uploadId = `upload-${++made}`
    uploads.set(uploadId, { hash: verifying ? new OrderedHash() : undefined, parts: new Map() })
    response.end(
      `<InitiateMultipartUploadResult><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`,
    )
    return
  }
  const uploadId = query.get('uploadId') ?? ''
  const upload = uploads.get(uploadId)
  if (upload === undefined) {
    refuse(response, 404, 'NoSuchUpload')
    return
  }
  uploads.delete(uploadId)
  completed.set(
    key,
    [...upload.parts.values()].reduce((sum, { size }) => sum + size, 0),
  )
  if (upload.hash !== undefined) hashes.push(upload.hash.digest())
  response.end(
    `<CompleteMultipartUploadResult><ETag>"all-${++made}"</ETag></CompleteMultipartUploadResult>`,
  )
}

function get(response: ServerResponse, key: string, headOnly: boolean): void {
  const generated = /generated-(\d+)$/.exec(key)?.[1]
  const object = objects.get(key)
  const size = completed.get(key)
  if (generated === undefined && object === undefined && (size === undefined || !headOnly)) {
    refuse(response, 404, 'NoSuchKey')
    return
  }
  response.writeHead(200, {
    ...metadata.get(key),
    etag: object?.etag ?? '"generated"',
    'content-length': generated ?? object?.bytes.length ?? size ?? 0,
    'content-type': object?.contentType ?? 'application/octet-stream',
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
  })
  if (headOnly) response.end()
  else if (object !== undefined) response.end(object.bytes)
  else sendZeros(response, Number(generated))
}

function sendZeros(response: ServerResponse, length: number): void {
  let left = length
  const send = () => {
    while (left > 0) {
      const piece = left < zeros.length ? zeros.subarray(0, left) : zeros
      left -= piece.length
      if (!response.write(piece)) {
        response.once('drain', send)
        return
      }
    }
    response.end()
  }
  send()
}

function list(response: ServerResponse, query: URLSearchParams): void {
  if (query.has('uploads')) {
    response.end('<ListMultipartUploadsResult></ListMultipartUploadsResult>')
    return
  }
  const found = objects
    .list(query.get('prefix') ?? '', query.get('start-after') ?? '')
    .slice(0, Number(query.get('max-keys') ?? 250))
    .map(({ key, size }) => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`)
  response.end(
    `<ListBucketResult><IsTruncated>false</IsTruncated>${found.join('')}</ListBucketResult>`,
  )
}

function listParts(response: ServerResponse, query: URLSearchParams): void {
  const upload = uploads.get(query.get('uploadId') ?? '')
  if (upload === undefined) {
    refuse(response, 404, 'NoSuchUpload')
    return
  }
  const inOrder = [...upload.parts].sort(([one], [other]) => one - other)
  const found = inOrder.map(
    ([at, { size, etag }]) =>
      `<Part><PartNumber>${at}</PartNumber><ETag>${etag}</ETag><Size>${size}</Size></Part>`,
  )
  response.end(
    `<ListPartsResult><IsTruncated>false</IsTruncated>${found.join('')}</ListPartsResult>`,
  )
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>no</Message></Error>`)
}

await takeCommands(
  {
    verify({ on }: { on: boolean }) {
      verifying = on
    },
    take() {
      const taken = { requests, bytes, hashes }
      requests = 0
      bytes = 0
      hashes = []
      return taken
    },
  },
  await listen(server),
)
