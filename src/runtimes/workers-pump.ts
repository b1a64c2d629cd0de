import type { OutgoingBody } from '../platform.ts'
import { createIdleWatch } from './workers-idle.ts'

/** Bytes that are gathered at most before they are written. */
const gatherBytes = 524_288
/** What one gather begins with, for most bodies are short. */
const firstGatherBytes = 4096
/** Microtasks within which a chunk that needs no waiting is there. */
const soonTurns = 64

/**
 * Writes a body to a native stream until its end; each write may take `idleTimeoutMs`. Chunks that
 * are there at once go together, for a write costs workerd as much as copying some 100 KiB; none
 * waits for one that is not.
 */
export async function pump(
  body: OutgoingBody,
  writable: WritableStream<Uint8Array>,
  idleTimeoutMs: number,
): Promise<void> {
  const watch = createIdleWatch(idleTimeoutMs)
  const writer = writable.getWriter()
  let gathered = new Uint8Array(0)
  let filled = 0

  async function flush(): Promise<void> {
    if (filled === 0) return
    // Awaited, because the buffer is filled again.
    await watch.within(writer.write(gathered.subarray(0, filled)))
    filled = 0
  }

  function gather(chunk: Uint8Array): void {
    if (filled + chunk.length > gathered.length) {
      const bytes = Math.max(firstGatherBytes, 8 * gathered.length, filled + chunk.length)
      const larger = new Uint8Array(Math.min(gatherBytes, bytes))
      larger.set(gathered.subarray(0, filled))
      gathered = larger
    }
    gathered.set(chunk, filled)
    filled += chunk.length
  }

  try {
    for (;;) {
      const reading = body.read()
      if (filled > 0 && !(await isSoon(reading))) await flush()
      const chunk = await reading
      if (chunk === undefined) break
      if (filled + chunk.length > gatherBytes) await flush()
      if (chunk.length < gatherBytes) gather(chunk)
      else await watch.within(writer.write(chunk))
    }
    await flush()
    await writer.close()
  } catch (error) {
    await Promise.allSettled([body.cancel(error), writer.abort(error)])
    throw error
  } finally {
    watch.end()
  }
}

/** Whether a promise settles without waiting for anything outside. */
async function isSoon(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = () => {
    settled = true
  }
  promise.then(settle, settle)
  for (let turn = 0; turn < soonTurns && !settled; turn++) await undefined
  return settled
}
