import { BulkwayError } from './bulkway-error.ts'
import type { Gateway } from './gateway.ts'
import { readSignedParts } from './read-wire.ts'
import type { LandedPart, SignedPart } from './wire.ts'

/** The URLs of an upload's parts: signed in batches when they are needed, again when they are old. */
export interface PartUrls {
  /**
   * The URL of a part that still holds for a while. What it throws was tried again already, and is
   * thrown to everybody who waits for a URL.
   */
  take(partNumber: number, signal: AbortSignal): Promise<SignedPart>
  /** Forgets a URL that the store refused. */
  drop(partNumber: number): void
  /** Remembers a part that has landed, to be reported soon. */
  land(part: LandedPart, signal: AbortSignal): void
  /** Reports what has landed; failing to is no fault, as the store may know by itself. */
  report(signal?: AbortSignal): Promise<void>
  /** Reports nothing more by itself. */
  close(): void
}

/**
 * Milliseconds from one report of landed parts to the next: what a reload costs at most, where the
 * store cannot list them.
 */
const reportEveryMs = 2_000
/** Share of a URL's life after which it is signed again first. */
const worn = 0.9

export function createPartUrls(options: {
  readonly gateway: Gateway
  readonly endpointId: string
  readonly uploadId: string
  /** What the start of the upload signed. */
  readonly signed: readonly SignedPart[]
  readonly urlsExpireAt: string
  /** Parts that are signed at a time. */
  readonly batch: number
  /** The parts that nobody has begun to send, in order. */
  waiting(): readonly number[]
}): PartUrls {
  const { gateway, endpointId, uploadId } = options
  const path = `uploads/${encodeURIComponent(uploadId)}/parts`
  let { batch } = options
  const urls = new Map<number, { part: SignedPart; until: number }>()
  let unreported: LandedPart[] = []
  let signing: Promise<void> | undefined
  let reporting: Promise<unknown> | undefined
  let reportedAt = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined

  function keep(parts: readonly SignedPart[], urlsExpireAt: string): void {
    const now = performance.now()
    for (const part of parts) {
      urls.set(part.partNumber, { part, until: now + lifeOf(part.url, urlsExpireAt) })
    }
  }
  async function signNow(numbers: readonly number[], signal: AbortSignal): Promise<void> {
    const { parts, urlsExpireAt } = await ask(numbers, signal)
    keep(parts, urlsExpireAt)
  }
  function fresh(partNumber: number): SignedPart | undefined {
    const known = urls.get(partNumber)
    return known !== undefined && performance.now() < known.until ? known.part : undefined
  }

  async function sign(partNumber: number, signal: AbortSignal): Promise<void> {
    if (fresh(partNumber) !== undefined) return
    const wanted = [partNumber]
    for (const next of options.waiting()) {
      if (wanted.length >= batch) break
      if (next !== partNumber && fresh(next) === undefined) wanted.push(next)
    }
    try {
      await signNow(wanted, signal)
    } catch (error) {
      if (!isTooMany(error) || wanted.length === 1) throw error
      batch = 1
      await signNow([partNumber], signal)
    }
  }

  async function ask(partNumbers: readonly number[], signal: AbortSignal | undefined) {
    const landed = unreported
    unreported = []
    reportedAt = performance.now()
    try {
      const body = { partNumbers, ...(landed.length > 0 && { landed }) }
      return readSignedParts(await gateway.call(endpointId, path, { body, signal }))
    } catch (error) {
      unreported = [...landed, ...unreported]
      throw error
    }
  }

  /** Whether it was heard. */
  async function report(signal?: AbortSignal): Promise<boolean> {
    if (unreported.length === 0) return true
    try {
      await ask([], signal)
      return true
    } catch {
      return false
    }
  }

  function reportSoon(signal: AbortSignal): void {
    if (timer !== undefined) return
    const own = setTimeout(
      async () => {
        reporting = report(signal)
        const isHeard = await reporting
        if (timer !== own) return
        timer = undefined
        // What has landed meanwhile; where nobody hears, the next part that lands tries again.
        if (isHeard && unreported.length > 0) reportSoon(signal)
      },
      Math.max(0, reportedAt + reportEveryMs - performance.now()),
    )
    timer = own
  }

  function stopReporting(): void {
    clearTimeout(timer)
    timer = undefined
  }

  /** One call at a time: the first one signs what the others wait for, or fails for them. */
  async function signInTurn(partNumber: number, signal: AbortSignal): Promise<void> {
    const turn = (signing ?? Promise.resolve()).then(() => sign(partNumber, signal))
    signing = turn
    try {
      await turn
    } finally {
      if (signing === turn) signing = undefined
    }
  }

  /** Signs the next batch while a quarter of this one is left, so that nobody waits for it. */
  function signAhead(signal: AbortSignal): void {
    const next = options.waiting()[Math.ceil(batch / 4)]
    if (signing !== undefined || next === undefined || fresh(next) !== undefined) return
    // Who needs one of these URLs asks again, and hears why there is none.
    signInTurn(next, signal).catch(() => {})
  }

  keep(options.signed, options.urlsExpireAt)
  return {
    async take(partNumber, signal) {
      if (fresh(partNumber) === undefined) await signInTurn(partNumber, signal)
      signAhead(signal)
      const part = urls.get(partNumber)?.part
      if (part === undefined) {
        throw new BulkwayError(
          'invalid_answer',
          200,
          `Cannot send part ${partNumber}: no URL for it`,
        )
      }
      return part
    },
    drop: (partNumber) => urls.delete(partNumber),
    land(part, signal) {
      urls.delete(part.partNumber)
      unreported.push(part)
      reportSoon(signal)
    },
    async report(signal) {
      stopReporting()
      await reporting
      await report(signal)
    },
    close: stopReporting,
  }
}

/** Whether the gateway may sign fewer parts at a time than was hoped for an upload of another session. */
function isTooMany(error: unknown): boolean {
  return error instanceof BulkwayError && error.code === 'invalid_request'
}

/**
 * Milliseconds for which a URL is used, from its arrival: what a presigned one says of itself needs
 * no clock that agrees with the gateway's.
 */
function lifeOf(url: string, urlsExpireAt: string): number {
  const seconds = Number(new URL(url).searchParams.get('X-Amz-Expires') ?? Number.NaN)
  const life = Number.isNaN(seconds) ? Date.parse(urlsExpireAt) - Date.now() : seconds * 1_000
  return life * worn
}
