import { reasonOf } from '../../log.ts'
import type { Body, IncomingResponse } from '../../platform.ts'
import type { ObjectStore } from '../../store/store.ts'
import { retryPassing, StoreAnswer, storeUnavailable } from '../../store/store-fault.ts'
import type { Deps } from '../deps.ts'

/** A file that is about to be read. */
export interface OpenedOutput extends Pick<Body, 'read' | 'cancel'> {
  /** Size; exactly as many come, or reading fails. */
  readonly bytes: number
}

/** How often a file is asked for without a byte of it. */
const tries = 3

/**
 * Opens a file of the store. A connection that breaks is opened anew where it broke, as long as the
 * object is the same. Undefined when there is none; `compressed` when that is how it is stored.
 *
 * @throws {GatewayError} store_unavailable, reading too
 */
export async function openOutput(
  deps: Deps,
  store: ObjectStore,
  key: string,
): Promise<OpenedOutput | 'compressed' | undefined> {
  const wait = (ms: number) => deps.platform.wait(ms)

  function ask(headers: Record<string, string>): Promise<IncomingResponse> {
    return retryPassing({ tries, wait }, async () => {
      const response = await store.send({ method: 'GET', key, headers })
      const { status } = response
      if ([200, 206, 404, 412].includes(status)) return response
      await response.body.cancel()
      throw storeUnavailable(new StoreAnswer('GetObject', status, '', 'cannot read an output'))
    })
  }

  const first = await ask({})
  const length = Number(first.headers.get('content-length') ?? Number.NaN)
  const isPlain = (first.headers.get('content-encoding') ?? 'identity') === 'identity'
  if (first.status !== 200 || !isPlain || Number.isNaN(length)) {
    await first.body.cancel()
    return first.status === 200 ? 'compressed' : undefined
  }
  const etag = first.headers.get('etag')
  let { body } = first
  let at = 0
  let failures = 0

  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      try {
        const chunk = await body.read()
        if (chunk !== undefined) failures = 0
        else if (at < length) throw new Error('The store ended an object too early')
        return chunk
      } catch (error) {
        await reopen(error)
      }
    }
  }

  async function reopen(error: unknown): Promise<void> {
    await body.cancel(error).catch(() => {})
    if (etag === null || ++failures === tries) throw storeUnavailable(error)
    deps.log.write('warn', { event: 'output_reopened', reason: reasonOf(error) })
    const response = await ask({ range: `bytes=${at}-`, 'if-match': etag })
    body = response.body
    if (response.status === 206) return
    await body.cancel()
    throw storeUnavailable(new Error('The object has changed while it was read'))
  }

  return {
    bytes: length,
    async read() {
      const chunk = await next()
      at += chunk?.length ?? 0
      if (at > length) throw storeUnavailable(new Error('The object is longer than it was'))
      return chunk
    },
    cancel: (reason) => body.cancel(reason),
  }
}
