import type { IncomingResponse } from '../../platform.ts'
import type { StoreSend } from '../s3-operations.ts'
import { escapeXml, readCopyEtag } from '../s3-xml.ts'
import type { StoreRequest } from '../store.ts'
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

const looksAfter = 3

/**
 * Copies a file on a volume. Where the answer is lost, the copy is looked at until it is as large as
 * its source and not what was there before.
 *
 * @throws {GatewayError} store_unavailable; what `ask` throws
 */
export async function copySlowly(
  ask: StoreSend,
  request: StoreRequest & { readonly copyFrom: string },
  slow: Slow,
): Promise<IncomingResponse> {
  const { key, copyFrom, signal } = request
  const source = await look(ask, copyFrom, signal)
  const before = await look(ask, key, signal)
  const see = () => look(ask, key, signal)
  const isDone = (now: Seen) => source !== undefined && isCopy(now, source, before)
  const { answer } = await askForWork(
    () => ask(request),
    () => isSeen(see, isDone),
    slow,
  )
  if (answer !== undefined && !isLost(answer)) {
    const held = await holdAnswer(answer, 65_536)
    if (held.status >= 300 || readCopyEtag(held.text) === undefined) return held.answer
    const isWhole = ({ size }: Seen) => source === undefined || size === source.size
    if ((await lookUntil(see, isWhole, slow, looksAfter, signal)) !== undefined) return held.answer
    throw notWhole('PUT copy', 'the copy is not as large as its source')
  }
  await answer?.body.cancel()
  if (source === undefined) throw notWhole('PUT copy', 'there is nothing to copy')
  const seen = await lookUntil(see, isDone, slow, undefined, signal)
  if (seen === undefined) throw notWhole('PUT copy', 'the copy did not become whole in time')
  const etag = `<ETag>${escapeXml(seen.etag)}</ETag>`
  return xmlAnswer(200, `<CopyObjectResult>${etag}</CopyObjectResult>`)
}

function isCopy(now: Seen, source: Seen, before: Seen | undefined): boolean {
  if (now.size !== source.size) return false
  return now.etag === source.etag || isOther(now, before)
}
