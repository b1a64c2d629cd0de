import { readCapped } from '../bytes/read-capped.ts'
import { type PartsPage, readError, readPartsPage } from './s3-xml.ts'
import type { ObjectStore } from './store.ts'
import { isPassing, retryPassing, StoreAnswer, storeUnavailable } from './store-fault.ts'

/** A part that is in the store. */
export interface StoredPart {
  readonly partNumber: number
  readonly etag: string
  /** Bytes. */
  readonly size: number
}

const tries = 4

/**
 * All parts of an open multipart upload, in order; `unlisted` where the store cannot list them (501
 * in local R2), `gone` where it does not know the upload any more.
 * @throws {GatewayError} store_unavailable
 */
export async function listParts(
  store: Pick<ObjectStore, 'send'>,
  key: string,
  uploadId: string,
  wait: (ms: number) => Promise<void>,
): Promise<readonly StoredPart[] | 'unlisted' | 'gone'> {
  const parts: StoredPart[] = []
  let after: string | undefined
  do {
    const marker = after
    const page = await retryPassing({ tries, wait }, () => readPage(store, key, uploadId, marker))
    if (page === 'unlisted' || page === 'gone') return page
    parts.push(...page.parts)
    // A store that repeats itself must not be asked for ever.
    after = page.next === after ? undefined : page.next
  } while (after !== undefined)
  return parts
}

async function readPage(
  store: Pick<ObjectStore, 'send'>,
  key: string,
  uploadId: string,
  after: string | undefined,
): Promise<PartsPage | 'unlisted' | 'gone'> {
  const query: Record<string, string> = { uploadId, 'max-parts': '1000' }
  if (after !== undefined) query['part-number-marker'] = after
  const answer = await store.send({ method: 'GET', key, query })
  const bytes = await readCapped(answer.body, 1024 * 1024, () =>
    storeUnavailable(new Error('The list of parts is larger than 1 MiB')),
  ).catch((cause) => {
    throw isPassing(cause) ? cause : storeUnavailable(cause)
  })
  if (answer.status === 501) return 'unlisted'
  if (answer.status === 404) return 'gone'
  const xml = new TextDecoder().decode(bytes)
  const page = answer.status === 200 ? readPartsPage(xml) : undefined
  if (page !== undefined) return page
  const { code, message } = readError(xml) ?? { code: 'Unknown', message: 'not an S3 answer' }
  throw storeUnavailable(new StoreAnswer('GET uploadId', answer.status, code, message))
}
