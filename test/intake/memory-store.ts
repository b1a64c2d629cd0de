import { onceBody } from '../../src/bytes/once-body.ts'
import { GatewayError } from '../../src/errors.ts'
import type { IncomingResponse } from '../../src/platform.ts'
import type { ListPage, ObjectStore, StoreRequest, UploadedPart } from '../../src/store/store.ts'

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

  async get(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    await this.before(`get ${key}`)
    return this.objects.get(key)
  }

  async delete(key: string): Promise<void> {
    await this.before(`delete ${key}`)
    this.objects.delete(key)
  }

  async list(prefix: string, { maxKeys = 1000 } = {}): Promise<ListPage> {
    await this.before(`list ${prefix}`)
    const objects = [...this.objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { bytes }]) => ({ key, size: bytes.length }))
    return { objects: objects.slice(0, maxKeys), prefixes: [] }
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
    return { partNumber, etag: `"${partNumber}"` }
  }

  async completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
  ): Promise<void> {
    await this.before(`completeUpload ${key}`)
    const upload = this.#upload(key, uploadId)
    const inOrder = parts.map(({ partNumber }) => partNumber).sort((one, other) => one - other)
    const pieces = inOrder.map((number) => upload.parts.get(number) ?? new Uint8Array(0))
    this.#keep(key, Buffer.concat(pieces), upload.contentType)
    this.open.delete(uploadId)
  }

  async abortUpload(key: string, uploadId: string): Promise<void> {
    await this.before(`abortUpload ${key}`)
    this.open.delete(uploadId)
  }

  async presignGet(key: string): Promise<string> {
    return `https://store.example/bucket/${key}`
  }

  async send({ method, key, headers = {}, query }: StoreRequest): Promise<IncomingResponse> {
    await this.before(`${method} ${key}`)
    if (query?.['uploads'] !== undefined) return answer(200, this.#listUploads(query['prefix']))
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

  #listUploads(prefix = ''): string {
    const uploads = [...this.open].filter(([, { key }]) => key.startsWith(prefix))
    const lines = uploads.map(
      ([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
    )
    return `<ListMultipartUploadsResult>${lines.join('')}</ListMultipartUploadsResult>`
  }

  #keep(key: string, bytes: Uint8Array, contentType: string): string {
    const etag = `"${++this.#count}"`
    this.objects.set(key, { bytes: bytes.slice(), contentType, etag })
    return etag
  }

  #upload(key: string, uploadId: string): OpenUpload {
    const upload = this.open.get(uploadId)
    if (upload?.key !== key) throw unavailable()
    return upload
  }
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
