import type { IncomingResponse } from '../../platform.ts'
import { listParts, type StoredPart } from '../list-parts.ts'
import type { StoreSend } from '../s3-operations.ts'
import { escapeXml, readCompleted, readParts } from '../s3-xml.ts'
import type { StoreRequest } from '../store.ts'
import { isPassing } from '../store-fault.ts'
import { holdAnswer, xmlAnswer } from './held-answer.ts'
import {
  askForWork,
  isLost,
  isOther,
  isSeen,
  look,
  lookUntil,
  notWhole,
  type Seen,
  type Slow,
} from './look.ts'

/** Looks at a file that was said to be complete. */
const looksAfter = 3

/**
 * Completes a multipart upload on a volume, which copies the parts one after the other and may take
 * longer than anybody waits for its answer: then the file itself is looked at until it has the size
 * of its parts, and is not the one that was there before. Large files were seen to vanish after an
 * answer of success: it is looked at then, too.
 *
 * @throws {GatewayError} store_unavailable, also where the file does not become whole in time; what
 *   `ask` throws
 */
export async function completeSlowly(
  ask: StoreSend,
  request: StoreRequest,
  slow: Slow,
): Promise<IncomingResponse> {
  const { key, query = {}, signal } = request
  const see = () => look(ask, key, signal)
  const parts = listParts({ send: ask }, key, query['uploadId'] ?? '', slow.wait)
  const [stored, before] = await Promise.all([parts, see()]).catch(untold)
  if (stored === 'unlisted') throw notWhole('GET uploadId', 'the volume does not tell its parts')
  const expected = stored === 'gone' ? undefined : sizeOfParts(stored, request)
  const isIts = (seen: Seen) => seen.size === expected && isOther(seen, before)
  const { answer, maybeDone } = await askForWork(
    () => ask(request),
    () => isSeen(see, isIts),
    slow,
  )
  const isOver = maybeDone && answer?.status === 404
  if (answer !== undefined && !isLost(answer) && !isOver) {
    const held = await holdAnswer(answer, 1024 * 1024)
    // It may have begun to answer 200, and say in the body alone that it failed.
    if (held.status >= 300 || readCompleted(held.text) === undefined) return held.answer
    const isWhole = ({ size }: Seen) => size === expected
    const seen = await lookUntil(see, isWhole, slow, looksAfter, signal)
    if (seen !== undefined) return held.answer
    throw notWhole('POST uploadId', 'the file is not there although it was completed')
  }
  await answer?.body.cancel()
  if (expected === undefined) throw notWhole('POST uploadId', 'its parts are not there')
  const seen = await lookUntil(see, isIts, slow, undefined, signal)
  if (seen === undefined) throw notWhole('POST uploadId', 'the file did not become whole in time')
  const etag = `<ETag>${escapeXml(seen.etag)}</ETag>`
  const xml = `<CompleteMultipartUploadResult>${etag}</CompleteMultipartUploadResult>`
  return xmlAnswer(200, xml)
}

/** Bytes of the parts that are named; undefined where one of them is not there. */
function sizeOfParts(stored: readonly StoredPart[], { body }: StoreRequest): number | undefined {
  if (!(body instanceof Uint8Array)) return undefined
  const sizes = new Map(stored.map(({ partNumber, size }) => [partNumber, size]))
  const named = readParts(new TextDecoder().decode(body))
  const known = named.map(({ partNumber }) => sizes.get(partNumber) ?? Number.NaN)
  const sum = known.reduce((total, size) => total + size, 0)
  return Number.isSafeInteger(sum) ? sum : undefined
}

/**
 * Nothing was asked for yet: who asked as if something might be done would take the file that is
 * there for its own.
 */
function untold(error: unknown): never {
  throw isPassing(error) ? notWhole('HEAD', 'the volume does not answer', error) : error
}
