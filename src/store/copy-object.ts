import { readCapped } from '../bytes/read-capped.ts'
import { GatewayError } from '../errors.ts'
import { headObject } from './head-object.ts'
import { maxParts } from './part-limit.ts'
import { readCopyEtag, readError } from './s3-xml.ts'
import type { ObjectStore, StoreRequest, UploadedPart } from './store.ts'
import { retryPassing, StoreAnswer, storeUnavailable } from './store-fault.ts'
import { streamPart } from './stream-part.ts'

/** What one CopyObject may copy: 5 GiB on AWS and R2, 5 GB on B2. */
const onceMaxBytes = 5_000_000_000

/** Bytes of all parts of a larger copy but the last, as R2 wants it. */
const partBytes = 1024 ** 3

/** The same where the bytes go through the gateway, and a part that breaks off is sent again. */
const streamedBytes = 64 * 1024 ** 2

const tries = 4

/** A real key and, where it is known, its size in bytes. */
export interface CopySource {
  readonly key: string
  readonly size?: number
}

/**
 * Copies an object inside the store, in parts where it is larger than 5 GB (`limits.copyMaxBytes`) or
 * the store says that it is too large; false where there is no such object. What a failed copy may
 * have left at `key` is the caller's to delete. `onPart` is awaited after each part of a large one.
 * @throws {GatewayError} store_unavailable
 */
export async function copyObject(
  store: ObjectStore,
  source: CopySource,
  key: string,
  wait: (ms: number) => Promise<void>,
  onPart: () => Promise<void> = async () => {},
): Promise<boolean> {
  const retry = <T>(attempt: () => Promise<T>) => retryPassing({ tries, wait }, attempt)
  const copy = (request: Pick<StoreRequest, 'query' | 'headers'>) =>
    retry(() => copyOnce(store, { ...request, key }, source.key))
  const { copyMaxBytes, copiesParts } = store.limits ?? defaults
  const isSmall = source.size !== undefined && source.size <= copyMaxBytes
  const copyWhole = () => copy({}).then((etag) => etag !== undefined, orTooLarge)
  const copied = isSmall ? await copyWhole() : tooLarge
  if (copied !== tooLarge) return copied
  const head = await retry(() => headObject(store, source.key))
  if (head === undefined) return false
  const isWhole = !isSmall && head.size <= copyMaxBytes ? await copyWhole() : tooLarge
  if (isWhole !== tooLarge) return isWhole

  const uploadId = await store.createUpload(key, head.contentType)
  const bytes = copiesParts ? partBytes : Math.max(streamedBytes, Math.ceil(head.size / maxParts))
  const copyPart = (partNumber: number, first: number, last: number) =>
    copiesParts
      ? copy({
          query: { partNumber: String(partNumber), uploadId },
          headers: { 'x-amz-copy-source-range': `bytes=${first}-${last}` },
        })
      : retry(() =>
          streamPart(store, { from: source.key, first, last }, { key, uploadId, partNumber }),
        )
  try {
    const parts: UploadedPart[] = []
    for (let first = 0; first < head.size; first += bytes) {
      const partNumber = parts.length + 1
      const etag = await copyPart(partNumber, first, Math.min(first + bytes, head.size) - 1)
      if (etag === undefined) {
        await store.abortUpload(key, uploadId)
        return false
      }
      parts.push({ partNumber, etag })
      await onPart()
    }
    await store.completeUpload(key, uploadId, parts)
    return true
  } catch (error) {
    await store.abortUpload(key, uploadId).catch(() => {})
    throw error
  }
}

const defaults = { copyMaxBytes: onceMaxBytes, copiesParts: true } as const

/** The store copies no object of that size at once. */
const tooLarge = 'too large'

function orTooLarge(error: unknown): 'too large' {
  const answer = error instanceof GatewayError ? error.cause : undefined
  if (answer instanceof StoreAnswer && answer.code === 'EntityTooLarge') return tooLarge
  throw error
}

/** The copy's ETag; undefined where there is no source. */
async function copyOnce(
  store: Pick<ObjectStore, 'send'>,
  request: Pick<StoreRequest, 'key' | 'query' | 'headers'>,
  copyFrom: string,
): Promise<string | undefined> {
  const body = new Uint8Array(0)
  const answer = await store.send({ method: 'PUT', ...request, copyFrom, body })
  const bytes = await readCapped(answer.body, 65_536, () =>
    storeUnavailable(new Error('The answer to a copy is larger than 64 KiB')),
  ).catch((cause) => {
    throw storeUnavailable(cause)
  })
  const xml = new TextDecoder().decode(bytes)
  // A store that has begun to answer 200 can only say in the body that it failed.
  const etag = answer.status === 200 ? readCopyEtag(xml) : undefined
  if (etag !== undefined) return etag
  const { code, message } = readError(xml) ?? { code: 'Unknown', message: 'not an S3 answer' }
  if (answer.status === 404 && code === 'NoSuchKey') return undefined
  throw storeUnavailable(new StoreAnswer('PUT copy', answer.status, code, message))
}
