import { BulkwayError } from './bulkway-error.ts'
import { retryAfterOf } from './gateway.ts'
import type { PartUrls } from './part-urls.ts'
import { type PersistOptions, persist } from './persist.ts'
import type { Meter } from './progress.ts'
import type { PartAnswer, SendPart } from './send-part.ts'
import { partOf, probe, type Uploadable } from './source.ts'

/** What is needed to bring parts into the store. */
export interface PartsPlan {
  readonly file: Uploadable
  readonly partSize: number
  readonly urls: PartUrls
  readonly meter: Meter
  readonly send: SendPart
  /** Parts under way at a time. */
  readonly concurrency: number
  readonly patience: PersistOptions
  readonly signal: AbortSignal
  /** Part numbers, in order; taken from the front. */
  readonly waiting: number[]
}

const refused = new Set([401, 403, 404, 410])
/** Refusals of a part's URL in a row after which it is not signed once more. */
const refusalsAtMost = 3

/**
 * Sends all waiting parts; the ETag of each, undefined where it could not be seen. What fails for
 * good stops all others.
 */
export async function uploadParts(plan: PartsPlan): Promise<Map<number, string | undefined>> {
  const etags = new Map<number, string | undefined>()
  const stop = new AbortController()
  const signal = AbortSignal.any([plan.signal, stop.signal])

  async function work(): Promise<void> {
    for (;;) {
      const partNumber = plan.waiting.shift()
      if (partNumber === undefined) return
      const etag = await uploadPart(plan, partNumber, signal)
      etags.set(partNumber, etag)
      if (etag !== undefined) plan.urls.land({ partNumber, etag }, signal)
    }
  }
  const workers = Array.from({ length: Math.min(plan.concurrency, plan.waiting.length) }, work)
  try {
    await Promise.all(workers)
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(workers)
    throw error
  }
  return etags
}

async function uploadPart(
  plan: PartsPlan,
  partNumber: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { file, partSize, urls, meter, send, patience } = plan
  const start = (partNumber - 1) * partSize
  const body = partOf(file, start, Math.min(file.size, start + partSize))

  let unsigned: unknown

  async function attempt(): Promise<PartAnswer> {
    for (let refusals = 1; ; refusals++) {
      const { url, headers } = await urls.take(partNumber, signal).catch((error) => {
        unsigned = error
        throw error
      })
      const answer = await send({
        url,
        headers,
        body,
        signal,
        stallMs: patience.stallMs ?? 60_000,
        onSent: (bytes) => meter.set(partNumber, bytes),
      })
      if (answer.status >= 200 && answer.status < 300) return answer
      meter.set(partNumber, 0)
      urls.drop(partNumber)
      // The URL is old, or keys have changed: a new one may be taken. An upload that is gone is no
      // longer signed, and the gateway says why.
      if (!refused.has(answer.status) || refusals >= refusalsAtMost)
        throw refusalOf(answer, partNumber)
    }
  }
  async function explained(): Promise<PartAnswer> {
    try {
      return await attempt()
    } catch (error) {
      meter.set(partNumber, 0)
      // A file that has gone or changed looks like a broken network to the platform.
      if (error instanceof BulkwayError && error.code === 'network_error') await probe(body)
      throw error
    }
  }

  const { etag } = await persist(explained, {
    ...patience,
    signal,
    // The gateway was asked for a URL for as long as there is patience.
    again: (error) => error !== unsigned,
  })
  meter.set(partNumber, body.size)
  return etag
}

function refusalOf({ status, text, retryAfter }: PartAnswer, partNumber: number): BulkwayError {
  const reason = /<Code>([A-Za-z0-9]+)<\/Code>/.exec(text)?.[1]
  const said = reason === undefined ? `status ${status}` : `${reason} (${status})`
  const detail = `Cannot send part ${partNumber}: the store answers ${said}`
  const facts = { partNumber, ...retryAfterOf(retryAfter) }
  return new BulkwayError('store_refused', status, detail, facts)
}
