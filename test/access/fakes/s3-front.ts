import { createHash, createHmac } from 'node:crypto'

/** Whose keys a request was signed with, and what they are good for. */
export interface Signer {
  readonly secret: string
  /** `key` is that of the object, or the prefix of a list. */
  may(operation: string, key: string): boolean
}

/** Answers in place of a signer: an S3 error code, always a 403. */
export interface Refusal {
  readonly refused: string
}

export interface S3Front {
  (request: Request): Promise<Response>
  readonly objects: Map<string, { bytes: Uint8Array; type: string; etag: string }>
  readonly uploads: Map<string, { key: string; parts: Map<number, Uint8Array> }>
}

/**
 * A little S3 server in memory, path style. It verifies SigV4 by its own means
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html), and leaves
 * to `findSigner` whose keys they are. Aws-chunked bodies are not known here.
 */
export function createS3Front(options: {
  readonly bucket: string
  now(): number
  findSigner(accessId: string, token: string | undefined, host: string): Signer | Refusal
}): S3Front {
  const { bucket, now, findSigner } = options
  const objects: S3Front['objects'] = new Map()
  const uploads: S3Front['uploads'] = new Map()
  let count = 0

  async function serve(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const body = new Uint8Array(await request.arrayBuffer())
    const signed = readSignature(request, url)
    if (signed === undefined) return refuse('AccessDenied')
    const signer = findSigner(signed.accessId, signed.token, url.host)
    if ('refused' in signer) return refuse(signer.refused)
    if (Math.abs(now() - signed.at) > 900_000 && signed.expires === undefined) {
      return refuse('RequestTimeTooSkewed')
    }
    if (signed.expires !== undefined && now() > signed.at + signed.expires * 1000) {
      return refuse('AccessDenied')
    }
    if (signatureOf(request, url, signed, signer.secret) !== signed.signature) {
      return refuse('SignatureDoesNotMatch')
    }
    const claimed = request.headers.get('x-amz-content-sha256')
    const actual = createHash('sha256').update(body).digest('hex')
    if (signed.expires === undefined && claimed !== 'UNSIGNED-PAYLOAD' && claimed !== actual) {
      return error(400, 'XAmzContentSHA256Mismatch')
    }
    const [, name = '', ...rest] = url.pathname.split('/').map(decodeURIComponent)
    if (name !== bucket) return refuse('AccessDenied')
    const key = rest.join('/')
    const operation = operationOf(request, url, key)
    const source = decodeURIComponent(request.headers.get('x-amz-copy-source') ?? '')
    const target = key === '' ? (url.searchParams.get('prefix') ?? '') : key
    if (!signer.may(operation, target)) return refuse('AccessDenied')
    if (operation === 'DeleteObjects') {
      const keys = [...text(body).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, one = '']) => one)
      if (!keys.every((one) => signer.may('DeleteObject', one))) return refuse('AccessDenied')
      for (const one of keys) objects.delete(one)
      return xml('<DeleteResult/>')
    }
    if (operation === 'CopyObject') {
      const from = source.replace(/^\//, '').slice(bucket.length + 1)
      if (!signer.may('GetObject', from)) return refuse('AccessDenied')
      const object = objects.get(from)
      if (object === undefined) return error(404, 'NoSuchKey')
      objects.set(key, object)
      return xml(`<CopyObjectResult><ETag>${object.etag}</ETag></CopyObjectResult>`)
    }
    return perform(operation, key, url.searchParams, request, body)
  }

  function perform(
    operation: string,
    key: string,
    query: URLSearchParams,
    request: Request,
    body: Uint8Array,
  ): Response {
    const uploadId = query.get('uploadId') ?? ''
    const upload = uploads.get(uploadId)
    const object = objects.get(key)
    switch (operation) {
      case 'ListObjectsV1':
      case 'ListObjectsV2': {
        const prefix = query.get('prefix') ?? ''
        const keys = [...objects.keys()].filter((one) => one.startsWith(prefix)).sort()
        const entries = keys.map(
          (one) =>
            `<Contents><Key>${encodeURIComponent(one)}</Key><Size>${objects.get(one)?.bytes.length}</Size></Contents>`,
        )
        // Escaped text is told as such, whether it was asked for or not.
        const decoded = entries.map((entry) =>
          query.get('encoding-type') === 'url' ? entry : decodeURIComponent(entry),
        )
        const encoding = query.get('encoding-type') === 'url' ? 'url' : ''
        return xml(
          `<ListBucketResult><EncodingType>${encoding}</EncodingType>${decoded.join('')}</ListBucketResult>`,
        )
      }
      case 'HeadBucket':
        return new Response(null, { status: 200 })
      case 'PutObject':
        return new Response(null, { headers: { etag: keep(key, body, request) } })
      case 'DeleteObject':
        objects.delete(key)
        return new Response(null, { status: 204 })
      case 'CreateMultipartUpload':
        uploads.set(`upload-${++count}`, { key, parts: new Map() })
        return xml(
          `<InitiateMultipartUploadResult><UploadId>upload-${count}</UploadId></InitiateMultipartUploadResult>`,
        )
      case 'UploadPart':
      case 'ListParts':
      case 'AbortMultipartUpload':
      case 'CompleteMultipartUpload':
        if (upload?.key !== key) return error(404, 'NoSuchUpload')
        if (operation === 'ListParts') return xml('<ListPartsResult></ListPartsResult>')
        if (operation === 'UploadPart') {
          upload.parts.set(Number(query.get('partNumber')), body)
          return new Response(null, { headers: { etag: etagOf(body) } })
        }
        uploads.delete(uploadId)
        if (operation === 'AbortMultipartUpload') return new Response(null, { status: 204 })
        keep(key, Buffer.concat([...upload.parts.values()]), request)
        return xml('<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>')
      case 'GetObject':
      case 'HeadObject': {
        if (object === undefined) return error(404, 'NoSuchKey')
        const headers = { etag: object.etag, 'content-type': object.type }
        const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('range') ?? '')
        if (range !== null) {
          const part = object.bytes.slice(Number(range[1]), Number(range[2]) + 1)
          const shown = `bytes ${range[1]}-${range[2]}/${object.bytes.length}`
          return new Response(part, {
            status: 206,
            headers: { ...headers, 'content-range': shown },
          })
        }
        const length = { ...headers, 'content-length': String(object.bytes.length) }
        return new Response(operation === 'HeadObject' ? null : object.bytes.slice(), {
          headers: length,
        })
      }
      default:
        return error(501, 'NotImplemented')
    }
  }

  function keep(key: string, bytes: Uint8Array, { headers }: Request): string {
    const etag = etagOf(bytes)
    objects.set(key, { bytes, etag, type: headers.get('content-type') ?? 'binary/octet-stream' })
    return etag
  }

  return Object.assign(serve, { objects, uploads })
}

interface Signed {
  readonly accessId: string
  readonly token: string | undefined
  readonly scope: readonly string[]
  readonly names: readonly string[]
  readonly signature: string
  readonly timestamp: string
  readonly at: number
  /** Seconds; only of a presigned URL. */
  readonly expires: number | undefined
}

function readSignature({ headers }: Request, { searchParams }: URL): Signed | undefined {
  const isQuery = searchParams.has('X-Amz-Signature')
  const fields = new Map(
    (headers.get('authorization') ?? '')
      .replace(/^AWS4-HMAC-SHA256\s+/, '')
      .split(/,\s*/)
      .map((field) => [field.split('=')[0] ?? '', field.slice(field.indexOf('=') + 1)]),
  )
  const field = (name: string) =>
    isQuery ? searchParams.get(`X-Amz-${name}`) : (fields.get(name) ?? null)
  const timestamp = isQuery ? searchParams.get('X-Amz-Date') : headers.get('x-amz-date')
  const token = isQuery
    ? searchParams.get('X-Amz-Security-Token')
    : headers.get('x-amz-security-token')
  const credential = field('Credential')?.split('/') ?? []
  const signature = field('Signature')
  const names = field('SignedHeaders')?.split(';') ?? []
  if (timestamp === null || signature === null || !names.includes('host')) return undefined
  // Every x-amz-* header of a request has to be signed, and so has its token.
  const unsigned = [...headers.keys()].filter((name) => /^x-amz-/.test(name))
  if (!unsigned.every((name) => names.includes(name))) return undefined
  const iso = timestamp.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')
  return {
    accessId: credential.slice(0, -4).join('/'),
    scope: credential.slice(-4),
    token: token ?? undefined,
    names,
    signature,
    timestamp,
    at: Date.parse(iso),
    expires: isQuery ? Number(searchParams.get('X-Amz-Expires')) : undefined,
  }
}

function signatureOf(request: Request, url: URL, signed: Signed, secret: string): string {
  const { names, scope, timestamp, expires } = signed
  const query = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&')
  const value = (name: string) => (name === 'host' ? url.host : request.headers.get(name))
  const lines = names.map((name) => `${name}:${value(name)?.trim().replace(/\s+/g, ' ')}`)
  const hash = request.headers.get('x-amz-content-sha256')
  const payload = expires === undefined ? hash : (hash ?? 'UNSIGNED-PAYLOAD')
  const canonical = [request.method, url.pathname, query, ...lines, '', names.join(';'), payload]
  const digest = createHash('sha256').update(canonical.join('\n')).digest('hex')
  const toSign = ['AWS4-HMAC-SHA256', timestamp, scope.join('/'), digest].join('\n')
  const hmac = (key: string | Buffer, part: string) =>
    createHmac('sha256', key).update(part).digest()
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secret}`)
  return hmac(key, toSign).toString('hex')
}

/** Operations under the names that R2's documents use. */
function operationOf({ method, headers }: Request, { searchParams: query }: URL, key: string) {
  if (key === '') {
    const own = ['acl', 'policy', 'lifecycle', 'cors', 'versioning', 'tagging', 'location']
    if (own.some((name) => query.has(name))) return 'BucketSettings'
    if (method === 'HEAD') return 'HeadBucket'
    if (method === 'POST' && query.has('delete')) return 'DeleteObjects'
    if (method !== 'GET') return 'BucketSettings'
    if (query.has('uploads')) return 'ListMultipartUploads'
    return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjectsV1'
  }
  const isPart = query.has('uploadId')
  const isCopy = headers.has('x-amz-copy-source')
  switch (method) {
    case 'GET':
      return isPart ? 'ListParts' : 'GetObject'
    case 'HEAD':
      return 'HeadObject'
    case 'PUT':
      return `${isPart ? 'UploadPart' : isCopy ? '' : 'PutObject'}${isCopy ? (isPart ? 'Copy' : 'CopyObject') : ''}`
    case 'POST':
      return isPart ? 'CompleteMultipartUpload' : 'CreateMultipartUpload'
    default:
      return isPart ? 'AbortMultipartUpload' : 'DeleteObject'
  }
}

function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}

function refuse(code: string): Response {
  return error(403, code)
}

function error(status: number, code: string): Response {
  return xml(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`, status)
}

function xml(content: string, status = 200): Response {
  const headers = { 'content-type': 'application/xml' }
  return new Response(`<?xml version="1.0"?>${content}`, { status, headers })
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
