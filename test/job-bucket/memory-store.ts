import { createHash } from 'node:crypto'
import { onceBody } from '../../src/bytes/once-body.ts'
import { escapeXml } from '../../src/job-bucket/xml.ts'
import type { IncomingResponse } from '../../src/platform.ts'
import { compareKeys } from '../../src/store/compare-keys.ts'
import type { ObjectStore, StoreRequest } from '../../src/store/store.ts'

const modified = '2026-11-20T12:00:00.000Z'
const realOwner = '<Owner><ID>real-owner</ID><DisplayName>real-owner</DisplayName></Owner>'

interface Kept {
  readonly bytes: Uint8Array
  readonly headers: Record<string, string>
  readonly etag: string
}

/** An S3 store in memory that knows just what the job bucket sends, and keeps what was sent. */
export class MemoryStore implements Pick<ObjectStore, 'id' | 'send'> {
  readonly id = 'main'
  readonly objects = new Map<string, Kept>()
  readonly uploads = new Map<
    string,
    { key: string; headers: Record<string, string>; parts: Map<number, Kept> }
  >()
  readonly requests: StoreRequest[] = []
  /** Answers in place of the store while it gives one. */
  intercept: (request: StoreRequest) => IncomingResponse | undefined = () => undefined
  #count = 0

  put(key: string, text: string, headers: Record<string, string> = {}): void {
    this.objects.set(key, keep(new TextEncoder().encode(text), headers))
  }

  text(key: string): string | undefined {
    const object = this.objects.get(key)
    return object && new TextDecoder().decode(object.bytes)
  }

  async send(request: StoreRequest): Promise<IncomingResponse> {
    this.requests.push(request)
    const intercepted = this.intercept(request)
    if (intercepted !== undefined) return intercepted
    const bytes = await readBody(request)
    const { method, key, query = {}, headers = {}, copyFrom } = request
    const upload = query['uploadId'] === undefined ? undefined : this.uploads.get(query['uploadId'])
    if (query['uploadId'] !== undefined && upload?.key !== key) return failure(404, 'NoSuchUpload')
    if (method === 'PUT' && copyFrom !== undefined) return this.#copy(request, copyFrom)
    if (method === 'PUT') {
      const kept = keep(bytes, { ...headers })
      const refuses = headers['if-none-match'] === '*' && this.objects.has(key)
      const wanted = headers['if-match'] ?? this.objects.get(key)?.etag
      if (refuses || wanted !== this.objects.get(key)?.etag) {
        return failure(412, 'PreconditionFailed')
      }
      if (upload) upload.parts.set(Number(query['partNumber']), kept)
      else this.objects.set(key, kept)
      return reply(200, { etag: kept.etag })
    }
    if (method === 'POST' && query['uploads'] !== undefined) {
      const id = `upload-${++this.#count}`
      this.uploads.set(id, { key, headers: { ...headers }, parts: new Map() })
      return xml(
        'InitiateMultipartUploadResult',
        `<Bucket>real-bucket</Bucket><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId>`,
      )
    }
    if (method === 'POST' && upload) return this.#complete(request, bytes)
    if (method === 'DELETE') {
      if (upload) this.uploads.delete(query['uploadId'] ?? '')
      else this.objects.delete(key)
      return reply(204, { 'x-amz-version-id': 'real-version', server: 'real-host' })
    }
    if (method === 'GET' && upload) return this.#listParts(request, upload.parts)
    if (key === '' && query['uploads'] !== undefined) return this.#listUploads(query)
    if (key === '') return this.#list(query)
    return this.#read(request)
  }

  /**
   * As Ceph RGW 16 does it: conditions on the source are taken and not looked at, and the source of a
   * part is not decoded.
   */
  #copy({ key, query = {}, headers = {} }: StoreRequest, copyFrom: string): IncomingResponse {
    const isPart = query['uploadId'] !== undefined
    const named = isPart ? copyFrom.split('/').map(encodeURIComponent).join('/') : copyFrom
    const source = this.objects.get(named)
    if (source === undefined) return failure(404, 'NoSuchKey')
    const upload = this.uploads.get(query['uploadId'] ?? '')
    const [, first, last] =
      /^bytes=(\d+)-(\d+)$/.exec(headers['x-amz-copy-source-range'] ?? '') ?? []
    const bytes = first === undefined ? source.bytes : source.bytes.slice(+first, Number(last) + 1)
    const { 'x-amz-metadata-directive': directive, ...given } = headers
    const kept = keep(bytes, directive === 'REPLACE' ? given : source.headers)
    if (upload) upload.parts.set(Number(query['partNumber']), kept)
    else this.objects.set(key, kept)
    const answer = xml(
      upload ? 'CopyPartResult' : 'CopyObjectResult',
      `<LastModified>${modified}</LastModified><ETag>${kept.etag.replaceAll('"', '')}</ETag>`,
    )
    answer.headers.set('x-amz-copy-source-version-id', 'real-version')
    return answer
  }

  #listParts({ key, query = {} }: StoreRequest, parts: Map<number, Kept>): IncomingResponse {
    const numbers = [...parts.keys()].sort((a, b) => a - b)
    const left = numbers.filter((number) => number > Number(query['part-number-marker']))
    const shown = left.slice(0, Number(query['max-parts']))
    const lines = shown.map((number) => {
      const { etag, bytes } = parts.get(number) ?? keep(new Uint8Array(), {})
      return (
        `<Part><PartNumber>${number}</PartNumber><LastModified>${modified}</LastModified>` +
        `<ETag>${escapeXml(etag)}</ETag><Size>${bytes.length}</Size></Part>`
      )
    })
    return xml(
      'ListPartsResult',
      `<Bucket>real-bucket</Bucket><Key>${escapeXml(key)}</Key><UploadId>${query['uploadId']}</UploadId>` +
        `${realOwner}<NextPartNumberMarker>${shown.at(-1) ?? 0}</NextPartNumberMarker>` +
        `<IsTruncated>${shown.length < left.length}</IsTruncated>${lines.join('')}`,
    )
  }

  /** As Ceph RGW 16 does it: a marked key without an upload id is listed itself, and no delimiter works. */
  #listUploads(query: Readonly<Record<string, string>>): IncomingResponse {
    const { prefix = '', 'key-marker': marker = '', 'upload-id-marker': after } = query
    if (query['delimiter'] !== undefined) return failure(500, 'InternalError')
    const all = [...this.uploads]
      .map(([id, { key }]) => ({ id, key }))
      .sort((a, b) => compareKeys(a.key, b.key) || (a.id < b.id ? -1 : 1))
      .filter(({ key }) => key.startsWith(prefix) && compareKeys(key, marker) >= 0)
      .filter(({ key, id }) => key !== marker || after === undefined || id > after)
    const shown = all.slice(0, Math.min(Number(query['max-uploads']), 2))
    const last = shown.at(-1)
    const next =
      last === undefined
        ? ''
        : `<NextKeyMarker>${escapeXml(last.key)}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`
    const lines = shown.map(
      ({ key, id }) =>
        `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId>${realOwner}<Initiated>${modified}</Initiated></Upload>`,
    )
    return xml(
      'ListMultipartUploadsResult',
      `<Bucket>real-bucket</Bucket><Prefix>${escapeXml(prefix)}</Prefix>${next}` +
        `<IsTruncated>${shown.length < all.length}</IsTruncated>${lines.join('')}`,
    )
  }

  #complete({ key, query }: StoreRequest, body: Uint8Array): IncomingResponse {
    const id = query?.['uploadId'] ?? ''
    const upload = this.uploads.get(id)
    const listed = new TextDecoder()
      .decode(body)
      .matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)</g)
    const parts: Uint8Array[] = []
    for (const [, number, etag] of listed) {
      const part = upload?.parts.get(Number(number))
      if (part === undefined || part.etag !== etag?.replaceAll('&quot;', '"')) {
        return failure(400, 'InvalidPart')
      }
      parts.push(part.bytes)
    }
    const kept = keep(Buffer.concat(parts), upload?.headers ?? {}, `"multi-${parts.length}"`)
    this.objects.set(key, kept)
    this.uploads.delete(id)
    return xml(
      'CompleteMultipartUploadResult',
      `<Location>http://real-host/real-bucket/${escapeXml(key)}</Location><Bucket>real-bucket</Bucket>` +
        `<Key>${escapeXml(key)}</Key><ETag>${escapeXml(kept.etag)}</ETag>`,
    )
  }

  #read({ method, key, headers = {} }: StoreRequest): IncomingResponse {
    const object = this.objects.get(key)
    if (object === undefined) return failure(404, 'NoSuchKey')
    const { bytes, etag } = object
    if (headers['if-none-match'] === etag) return reply(304, { etag })
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag) {
      return failure(412, 'PreconditionFailed')
    }
    const shown: Record<string, string> = {
      ...object.headers,
      etag,
      'last-modified': 'Fri, 20 Nov 2026 12:00:00 GMT',
      'accept-ranges': 'bytes',
      'x-amz-version-id': 'real-version',
      server: 'real-host',
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers['range'] ?? '')
    if (range === null) {
      return reply(
        200,
        { ...shown, 'content-length': String(bytes.length) },
        method === 'GET' ? bytes : undefined,
      )
    }
    const from = Number(range[1])
    if (from >= bytes.length) return failure(416, 'InvalidRange')
    const to = range[2] === '' ? bytes.length : Math.min(Number(range[2]) + 1, bytes.length)
    const part = bytes.subarray(from, to)
    const contentRange = `bytes ${from}-${to - 1}/${bytes.length}`
    const length = String(part.length)
    return reply(206, { ...shown, 'content-range': contentRange, 'content-length': length }, part)
  }

  #list(query: Readonly<Record<string, string>>): IncomingResponse {
    const { prefix = '', delimiter = '' } = query
    // Pages of three, however many were asked for: callers must follow the token.
    const max = Math.min(Number(query['max-keys']), 3)
    const after = query['continuation-token'] ?? query['start-after'] ?? ''
    const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')
    let body = ''
    let last = ''
    let count = 0
    let more = false
    for (const key of [...this.objects.keys()].sort(compareKeys)) {
      if (!key.startsWith(prefix) || compareKeys(key, after) <= 0) continue
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      const common = at < 0 ? undefined : key.slice(0, at + delimiter.length)
      if (common !== undefined && last.startsWith(common)) {
        last = key
        continue
      }
      if (count++ === max) {
        more = true
        break
      }
      last = key
      body +=
        common !== undefined
          ? `<CommonPrefixes><Prefix>${encode(common)}</Prefix></CommonPrefixes>`
          : `<Contents><Key>${encode(key)}</Key><LastModified>${modified}</LastModified>` +
            `<ETag>${escapeXml(this.objects.get(key)?.etag ?? '')}</ETag><Size>${this.objects.get(key)?.bytes.length}</Size></Contents>`
    }
    const next = more ? `<NextContinuationToken>${escapeXml(last)}</NextContinuationToken>` : ''
    return xml(
      'ListBucketResult',
      `<Name>real-bucket</Name><EncodingType>url</EncodingType><IsTruncated>${more}</IsTruncated>${next}${body}`,
    )
  }
}

function keep(bytes: Uint8Array, headers: Record<string, string>, etag?: string): Kept {
  const md5 = createHash('md5').update(bytes).digest('hex')
  return { bytes, headers, etag: etag ?? `"${md5}"` }
}

/** Reads as a store does: a body that breaks off, or is not as long as announced, is an error. */
async function readBody({ body }: StoreRequest): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array(0)
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array[] = []
  for (;;) {
    const chunk = await body.read().catch(async (error: unknown) => {
      await body.cancel(error)
      throw error
    })
    if (chunk === undefined) break
    chunks.push(chunk.slice())
  }
  const whole = Buffer.concat(chunks)
  if (whole.length !== body.length) throw new Error('The body is short')
  return whole
}

/** An answer of the store. */
export function reply(
  status: number,
  headers: Record<string, string> = {},
  bytes?: Uint8Array,
): IncomingResponse {
  const body = onceBody(bytes ?? new Uint8Array())
  return { status, headers: new Headers(headers), body }
}

/** A refusal of the store that names everything it should not. */
export function failure(status: number, code: string): IncomingResponse {
  const text =
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>real-bucket at real-host</Message>` +
    '<BucketName>real-bucket</BucketName><HostId>real-host</HostId></Error>'
  return reply(status, { 'content-type': 'application/xml' }, new TextEncoder().encode(text))
}

function xml(root: string, content: string): IncomingResponse {
  const text = `<?xml version="1.0"?><${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`
  return reply(200, { 'content-type': 'application/xml' }, new TextEncoder().encode(text))
}
