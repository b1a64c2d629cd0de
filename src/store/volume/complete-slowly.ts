import type { IncomingResponse } from '../../platform.ts'
import { listParts } from '../list-parts.ts'
import type { StoreSend } from '../s3-operations.ts'
import { escapeXml, readCompleted, readParts } from '../s3-xml.ts'
import type { StoreRequest } from '../store.ts'
import { holdAnswer, xmlAnswer } from './held-answer.ts'
import {
  askForWork,
  isLost,
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
 * of its parts. Large files were seen to vanish after an answer of success: it is looked at then, too.
 *
 * @throws {GatewayError} store_unavailable, also where the file does not become whole in time; what
 *   `ask` throws
 */
export async function completeSlowly(
  ask: StoreSend,
  request: StoreRequest,
  slow: Slow,
): Promise<IncomingResponse> {
  const { key, signal } = request
  const expected = await sizeOfParts(ask, request, slow)
  const see = () => look(ask, key, signal)
  const isExpected = ({ size }: Seen) => size === expected
  const answer = await askForWork(
    () => ask(request),
    () => isSeen(see, isExpected),
    slow,
  )
  if (answer !== undefined && !isLost(answer)) {
    const held = await holdAnswer(answer, 1024 * 1024)
    // It may have begun to answer 200, and say in the body alone that it failed.
    if (held.status >= 300 || readCompleted(held.text) === undefined) return held.answer
    const isWhole = (seen: Seen) => expected === undefined || seen.size === expected
    const seen = await lookUntil(see, isWhole, slow, looksAfter, signal)
    if (seen !== undefined) return held.answer
    throw notWhole('POST uploadId', 'the file is not there although it was completed')
  }
  await answer?.body.cancel()
  const seen = await lookUntil(see, becomesWhole(expected), slow, undefined, signal)
  if (seen === undefined) throw notWhole('POST uploadId', 'the file did not become whole in time')
  const etag = `<ETag>${escapeXml(seen.etag)}</ETag>`
  const xml = `<CompleteMultipartUploadResult>${etag}</CompleteMultipartUploadResult>`
  return xmlAnswer(200, xml)
}

/** Bytes of the parts that are named; undefined where the volume does not tell. */
async function sizeOfParts(
  ask: StoreSend,
  { key, query = {}, body }: StoreRequest,
  { wait }: Slow,
): Promise<number | undefined> {
  const stored = await listParts({ send: ask }, key, query['uploadId'] ?? '', wait)
  if (typeof stored === 'string' || !(body instanceof Uint8Array)) return undefined
  const sizes = new Map(stored.map(({ partNumber, size }) => [partNumber, size]))
  const named = readParts(new TextDecoder().decode(body))
  const known = named.map(({ partNumber }) => sizes.get(partNumber) ?? Number.NaN)
  const sum = known.reduce((total, size) => total + size, 0)
  return Number.isSafeInteger(sum) ? sum : undefined
}

/** Where nobody knows its size, a file is whole that has stopped to grow. */
function becomesWhole(expected: number | undefined): (seen: Seen) => boolean {
  let before = -1
  return ({ size }) => {
    if (expected !== undefined) return size === expected
    const stands = size === before
    before = size
    return stands
  }
}
