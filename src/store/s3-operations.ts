import { readCapped } from '../bytes/read-capped.ts'
import { GatewayError } from '../errors.ts'
import type { IncomingResponse, Platform } from '../platform.ts'
import { listUploads } from './list-uploads.ts'
import { type EtagSpelling, spellEtag } from './s3-headers.ts'
import { readCompleted, readError, readListPage, readUploadId, writeParts } from './s3-xml.ts'
import type { ListPage, ObjectStore, StoreRequest, UploadedPart } from './store.ts'
import { isUnknownOutcome, retryPassing, StoreAnswer, storeUnavailable } from './store-fault.ts'

const xmlMaxBytes = 1024 * 1024
// 250 entries with url-encoded keys of 1 KiB stay below the ceiling on XML.
const listMaxKeys = 250
/** Signs and sends one request; the raw answer, its body not yet read. */
export type StoreSend = (request: StoreRequest) => Promise<IncomingResponse>

/** What a store does by requests of its own alone: all but signing URLs for others. */
export type StoreOperations = Omit<ObjectStore, 'presignGet' | 'presignPart'>

/**
 * Makes the operations of one bucket out of a way to send requests to it. Small requests are tried
 * four times on faults that pass (`tries`), `send` and `uploadPart` once.
 */
export function createOperations(
  id: string,
  platform: Pick<Platform, 'wait'>,
  send: StoreSend,
  tries = 4,
): StoreOperations {
  // Learned from the first If-Match that holds: no start probe is needed on Workers.
  let spelling: EtagSpelling | undefined

  /** Sends once and reads the answer whole; other statuses than 2xx and `accepted` throw. */
  async function ask(request: StoreRequest, accepted: readonly number[] = [], max = xmlMaxBytes) {
    // Only what still leaves has to be stopped, and signals cost more than a small request does.
    const over = request.body === undefined ? undefined : new AbortController()
    const answer = await send(over === undefined ? request : bothSignals(request, over.signal))
    const bytes = await readAnswer(answer, max)
    const fine = answer.status >= 200 && answer.status < 300
    // A refused body may still be leaving, and its buffer is the caller's again on return.
    if (!fine) over?.abort()
    if (!fine && !accepted.includes(answer.status)) throw failure(request, answer, bytes)
    return { status: answer.status, headers: answer.headers, bytes }
  }

  function retry<T>(attempt: (maybeDone: boolean) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return retryPassing({ tries, wait: (ms) => platform.wait(ms), signal }, attempt)
  }

  async function put(
    key: string,
    bytes: Uint8Array,
    settings: Parameters<ObjectStore['put']>[2] = {},
  ): Promise<string | undefined> {
    const { condition } = settings
    if (condition === undefined || condition === 'absent') {
      return await putIf(
        key,
        bytes,
        settings,
        condition === 'absent' ? { 'if-none-match': '*' } : {},
      )
    }
    for (const tried of spelling === undefined ? (['quoted', 'bare'] as const) : [spelling]) {
      const held = await putIf(key, bytes, settings, {
        'if-match': spellEtag(condition.etag, tried),
      })
      if (held === undefined) continue
      spelling = tried
      return held
    }
    return undefined
  }

  async function putIf(
    key: string,
    bytes: Uint8Array,
    { contentType, condition, signal }: NonNullable<Parameters<ObjectStore['put']>[2]>,
    conditions: Record<string, string>,
  ): Promise<string | undefined> {
    const headers = { ...conditions }
    if (contentType !== undefined) headers['content-type'] = contentType
    // 409: two conditional writes met. 404: the object that had the ETag is gone.
    const refusals =
      condition === undefined ? [] : condition === 'absent' ? [412, 409] : [412, 409, 404]

    const request: StoreRequest = { method: 'PUT', key, headers, body: bytes }
    return await retry(async (maybeDone) => {
      const answer = await ask(signal === undefined ? request : { ...request, signal }, refusals)
      const etag = answer.headers.get('etag')
      const isWritten = answer.status < 300
      if (isWritten && etag !== null) return etag
      if (!isWritten && !maybeDone) return undefined
      // What another wrote may be longer, and its ETag must not pass for that of these bytes.
      const stored = await get(key, bytes.length + xmlMaxBytes)
      if (stored !== undefined && isEqual(stored.bytes, bytes)) return stored.etag
      return isWritten ? '' : undefined
    }, signal)
  }

  async function get(key: string, maxBytes: number) {
    return await retry(async () => {
      const { status, headers, bytes } = await ask({ method: 'GET', key }, [404], maxBytes)
      return status === 404 ? undefined : { bytes, etag: headers.get('etag') ?? '' }
    })
  }

  async function remove(key: string): Promise<void> {
    await retry(() => ask({ method: 'DELETE', key }, [404]))
  }

  async function list(
    prefix: string,
    { delimiter, after, next, maxKeys }: Parameters<ObjectStore['list']>[1] = {},
  ): Promise<ListPage> {
    const query: Record<string, string> = { 'list-type': '2', prefix, 'encoding-type': 'url' }
    query['max-keys'] = String(Math.min(maxKeys ?? listMaxKeys, listMaxKeys))
    if (delimiter !== undefined) query['delimiter'] = delimiter
    if (after !== undefined) query['start-after'] = after
    if (next !== undefined) query['continuation-token'] = next
    return await retry(async () => {
      const request: StoreRequest = { method: 'GET', key: '', query }
      const answer = await ask(request)
      const page = readListPage(decode(answer.bytes))
      if (page === undefined) throw failure(request, answer, answer.bytes)
      return page
    })
  }

  async function createUpload(key: string, contentType: string): Promise<string> {
    const headers = { 'content-type': contentType }
    const request: StoreRequest = {
      method: 'POST',
      key,
      query: { uploads: '' },
      headers,
      body: new Uint8Array(0),
    }
    return await retry(async () => {
      try {
        const answer = await ask(request)
        const uploadId = readUploadId(decode(answer.bytes))
        if (uploadId === undefined) throw failure(request, answer, answer.bytes)
        return uploadId
      } catch (error) {
        if (isUnknownOutcome(error)) await abortStray(key)
        throw error
      }
    })
  }

  // An upload whose answer was lost stays open for good, and keys are used once.
  async function abortStray(key: string): Promise<void> {
    const page = await listUploads({ send }, key).catch(() => undefined)
    const strays = page?.uploads.filter((upload) => upload.key === key) ?? []
    for (const { uploadId } of strays) await abortUpload(key, uploadId).catch(() => {})
  }

  async function uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    const query = { partNumber: String(partNumber), uploadId }
    const request: StoreRequest = { method: 'PUT', key, query, body: bytes }
    const answer = await ask(signal === undefined ? request : { ...request, signal })
    const etag = answer.headers.get('etag')
    if (etag === null) throw failure(request, answer, answer.bytes)
    return { partNumber, etag }
  }

  async function completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
  ): Promise<string | undefined> {
    const request: StoreRequest = {
      method: 'POST',
      key,
      query: { uploadId },
      headers: { 'content-type': 'application/xml' },
      body: new TextEncoder().encode(writeParts(parts)),
    }
    return await retry(async (maybeDone) => {
      const answer = await ask(request, maybeDone ? [404] : [])
      // A store that has begun to answer 200 can only say in the body that it failed.
      const etag = answer.status < 300 ? readCompleted(decode(answer.bytes)) : undefined
      if (etag !== undefined) return etag === '' ? undefined : etag
      if (answer.status === 404 && (await exists(key))) return undefined
      throw failure(request, answer, answer.bytes)
    })
  }

  async function exists(key: string): Promise<boolean> {
    return (await ask({ method: 'HEAD', key }, [404])).status !== 404
  }

  async function abortUpload(key: string, uploadId: string): Promise<void> {
    await retry(() => ask({ method: 'DELETE', key, query: { uploadId } }, [404]))
  }

  return {
    id,
    send,
    put,
    get,
    delete: remove,
    list,
    createUpload,
    uploadPart,
    completeUpload,
    abortUpload,
  }
}

function bothSignals(request: StoreRequest, over: AbortSignal): StoreRequest {
  const { signal } = request
  return { ...request, signal: signal === undefined ? over : AbortSignal.any([signal, over]) }
}

async function readAnswer(answer: IncomingResponse, maxBytes: number): Promise<Uint8Array> {
  const max = answer.status >= 300 ? xmlMaxBytes : maxBytes
  const over = () => storeUnavailable(new StoreAnswer('read', answer.status, 'TooLarge', `${max}`))
  try {
    return await readCapped(answer.body, max, over)
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : storeUnavailable(cause)
  }
}

function failure(
  request: StoreRequest,
  answer: { readonly status: number },
  bytes: Uint8Array,
): GatewayError {
  const error = readError(decode(bytes)) ?? { code: 'Unknown', message: 'not an S3 answer' }
  const operation = `${request.method} ${Object.keys(request.query ?? {}).join('&')}`.trim()
  return storeUnavailable(new StoreAnswer(operation, answer.status, error.code, error.message))
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
