import { createHash } from 'node:crypto'
import { onceBody } from '../../src/bytes/once-body.ts'
import { GatewayError } from '../../src/errors.ts'
import type { IncomingResponse } from '../../src/platform.ts'
import type { PartToSign, SignedPart } from '../../src/store/presign-part.ts'
import type { ListPage, ObjectStore, StoreRequest, UploadedPart } from '../../src/store/store.ts'
import { StoreAnswer, storeUnavailable } from '../../src/store/store-fault.ts'

interface Kept {
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly etag: string
}

interface OpenUpload {
  readonly key: string
  readonly contentType: string
  readonly parts: Map<number, Uint8Array>
}

/** An object store in memory with conditional writes; `before` can fail or hold any operation. */
export class MemoryStore implements ObjectStore {
  readonly id = 'main'
  readonly objects = new Map<string, Kept>()
  readonly open = new Map<string, OpenUpload>()
  /** Called with `put key`, `uploadPart key` … before the operation. */
  before: (line: string) => void | Promise<void> = () => {}
  /** Whether it knows ListParts; local R2 does not. */
  listsParts = true
  /** Whether it knows ListMultipartUploads; local R2 does not. */
  listsUploads = true
  #count = 0

  async put(
    key: string,
    bytes: Uint8Array,
    options: Parameters<ObjectStore['put']>[2] = {},
  ): Promise<string | undefined> {
    await this.before(`put ${key}`)
    options.signal?.throwIfAborted()
    const { condition, contentType = '' } = options
    const present = this.objects.get(key)
    if (condition === 'absent' && present !== undefined) return undefined
    if (typeof condition === 'object' && condition.etag !== present?.etag) return undefined
    return this.#keep(key, bytes, contentType)
  }

  async get(
    key: string,
    maxBytes: number,
  ): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    await this.before(`get ${key}`)
    const object = this.objects.get(key)
    if (object !== undefined && object.bytes.length > maxBytes) throw refusal(200, 'TooLarge')
    return object
  }

  async delete(key: string): Promise<void> {
    await this.before(`delete ${key}`)
    this.objects.delete(key)
  }

  async list(
    prefix: string,
    { maxKeys = 1000, delimiter }: Parameters<ObjectStore['list']>[1] = {},
  ): Promise<ListPage> {
    await this.before(`list ${prefix}`)
    const prefixes = new Set<string>()
    const objects = [...this.objects]
      .filter(([key]) => key.startsWith(prefix))
      .filter(([key]) => {
        const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
        if (end >= 0) prefixes.add(key.slice(0, end + 1))
        return end < 0
      })
      .map(([key, { bytes }]) => ({ key, size: bytes.length }))
      .sort((one, other) => (one.key < other.key ? -1 : 1))
    return { objects: objects.slice(0, maxKeys), prefixes: [...prefixes].sort() }
  }

  async createUpload(key: string, contentType: string): Promise<string> {
    await this.before(`createUpload ${key}`)
    const id = `upload-${++this.#count}`
    this.open.set(id, { key, contentType, parts: new Map() })
    return id
  }

  async uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    await this.before(`uploadPart ${key}`)
    signal?.throwIfAborted()
    this.#upload(key, uploadId).parts.set(partNumber, bytes.slice())
    return { partNumber, etag: etagOfPart(bytes) }
  }

  async completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
  ): Promise<string> {
    await this.before(`completeUpload ${key}`)
    const upload = this.#upload(key, uploadId)
    const pieces = [...parts]
      .sort((one, other) => one.partNumber - other.partNumber)
      .map(({ partNumber, etag }) => {
        const piece = upload.parts.get(partNumber)
        if (piece === undefined || etagOfPart(piece) !== etag) throw refusal(400, 'InvalidPart')
        return piece
      })
    this.open.delete(uploadId)
    const etag = etagOfParts(pieces)
    this.#set(key, Buffer.concat(pieces), upload.contentType, etag)
    return etag
  }

  async abortUpload(key: string, uploadId: string): Promise<void> {
    await this.before(`abortUpload ${key}`)
    this.open.delete(uploadId)
  }

  async presignGet(...[key]: Parameters<ObjectStore['presignGet']>): Promise<string> {
    return `https://store.example/bucket/${key}`
  }

  async presignPart(part: PartToSign, seconds: number): Promise<SignedPart> {
    const { key, uploadId, partNumber, length, sha256 } = part
    const query = `partNumber=${partNumber}&uploadId=${uploadId}&length=${length}&seconds=${seconds}`
    const headers = sha256 === undefined ? {} : { 'x-amz-content-sha256': sha256 }
    return { url: `https://store.example/bucket/${key}?${query}`, headers }
  }

  async send(request: StoreRequest): Promise<IncomingResponse> {
    const { method, key, headers = {}, query } = request
    await this.before(`${method} ${key}`)
    if (query?.['uploads'] !== undefined) {
      return this.listsUploads
        ? answer(200, this.#listUploads(query['prefix']))
        : answer(501, errorXml('NotImplemented'))
    }
    if (query?.['uploadId'] !== undefined) return await this.#sendPart(request, query['uploadId'])
    if (request.copyFrom !== undefined) return this.#copy(request.copyFrom, key)
    const object = this.objects.get(key)
    if (object === undefined) return answer(404)
    const { bytes, etag, contentType } = object
    if (headers['if-none-match'] === etag) return answer(304, undefined, { etag })
    const shown = {
      etag,
      'content-type': contentType,
      'accept-ranges': 'bytes',
      'content-length': String(bytes.length),
      'x-amz-version-id': 'hidden',
    }
    return answer(200, method === 'HEAD' ? undefined : bytes, shown)
  }

  #copy(from: string, key: string): IncomingResponse {
    const source = this.objects.get(from)
    if (source === undefined) return answer(404, errorXml('NoSuchKey'))
    const etag = this.#keep(key, source.bytes, source.contentType)
    return answer(200, `<CopyObjectResult><ETag>${etag}</ETag></CopyObjectResult>`)
  }

  async #sendPart({ method, key, query, body }: StoreRequest, uploadId: string) {
    if (this.open.get(uploadId)?.key !== key) return answer(404, errorXml('NoSuchUpload'))
    if (method === 'GET') {
      return this.listsParts
        ? answer(200, this.#listParts(uploadId))
        : answer(501, errorXml('NotImplemented'))
    }
    const bytes = await readBody(body)
    if (this.open.get(uploadId)?.key !== key) return answer(404, errorXml('NoSuchUpload'))
    const { etag } = await this.uploadPart(key, uploadId, Number(query?.['partNumber']), bytes)
    return answer(200, undefined, { etag })
  }

  #listParts(uploadId: string): string {
    const parts = [...(this.open.get(uploadId)?.parts ?? [])].sort(([one], [other]) => one - other)
    const lines = parts.map(([number, bytes]) => {
      const etag = etagOfPart(bytes).replaceAll('"', '&quot;')
      const size = `<Size>${bytes.length}</Size>`
      return `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${size}</Part>`
    })
    return `<ListPartsResult>${lines.join('')}</ListPartsResult>`
  }

  #listUploads(prefix = ''): string {
    const uploads = [...this.open].filter(([, { key }]) => key.startsWith(prefix))
    const lines = uploads.map(
      ([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
    )
    return `<ListMultipartUploadsResult>${lines.join('')}</ListMultipartUploadsResult>`
  }

  #keep(key: string, bytes: Uint8Array, contentType: string): string {
    const etag = etagOfPart(bytes)
    this.#set(key, bytes, contentType, etag)
    return etag
  }

  #set(key: string, bytes: Uint8Array, contentType: string, etag: string): void {
    this.objects.set(key, { bytes: bytes.slice(), contentType, etag })
  }

  #upload(key: string, uploadId: string): OpenUpload {
    const upload = this.open.get(uploadId)
    if (upload?.key !== key) throw refusal(404, 'NoSuchUpload')
    return upload
  }
}

/** The ETag of a part, and of an object written whole: of the same bytes always the same. */
export function etagOfPart(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}

/** The ETag of an object put together: of the same parts always the same. */
function etagOfParts(parts: readonly Uint8Array[]): string {
  const hash = createHash('md5')
  for (const part of parts) hash.update(createHash('md5').update(part).digest())
  return `"${hash.digest('hex')}-${parts.length}"`
}

function refusal(status: number, code: string): GatewayError {
  return storeUnavailable(new StoreAnswer('memory', status, code, 'as a store says it'))
}

function errorXml(code: string): string {
  return `<Error><Code>${code}</Code><Message>as a store says it</Message></Error>`
}

async function readBody(body: StoreRequest['body']): Promise<Uint8Array> {
  if (body === undefined || body instanceof Uint8Array) return body ?? new Uint8Array(0)
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(chunk.slice())
  }
  const bytes = Buffer.concat(chunks)
  if (body.length !== undefined && bytes.length !== body.length) throw unavailable()
  return bytes
}

/** What a store throws that is gone. */
export function unavailable(): GatewayError {
  return new GatewayError('store_unavailable', 'The object store did not do what was asked', {
    retryAfterSeconds: 1,
    cause: new Error('secret-cause'),
  })
}

/** A response of anything that answers HTTP, its body in one chunk. */
export function answer(
  status: number,
  bytes?: Uint8Array | string,
  headers: Record<string, string> = {},
): IncomingResponse {
  const text = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  return {
    status,
    headers: new Headers(headers),
    body: onceBody(text ?? new Uint8Array()),
  }
}
