import type { OutgoingBody } from '../../platform.ts'

/**
 * Gives one body to several readers in one pass: each chunk is read when all have asked for it, so
 * that the slowest sets the pace and nothing is kept. Who gives up ends it for all.
 */
export function teeBody(body: OutgoingBody, readers: number): readonly OutgoingBody[] {
  let waiting: {
    readonly resolve: (chunk: Uint8Array | undefined) => void
    readonly reject: (reason: unknown) => void
  }[] = []
  let failure: { readonly reason: unknown } | undefined

  function fail(reason: unknown): void {
    if (failure !== undefined) return
    failure = { reason }
    for (const { reject } of waiting.splice(0)) reject(reason)
  }

  async function pull(): Promise<void> {
    try {
      const chunk = await body.read()
      const all = waiting
      waiting = []
      for (const { resolve } of all) resolve(chunk)
    } catch (error) {
      fail(error)
    }
  }

  return Array.from({ length: readers }, () => ({
    length: body.length,
    read() {
      if (failure !== undefined) return Promise.reject(failure.reason)
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
      waiting.push({ resolve, reject })
      if (waiting.length === readers) void pull()
      return promise
    },
    async cancel(reason?: unknown) {
      fail(reason ?? new Error('Another volume did not take the bytes'))
      await body.cancel(reason)
    },
  }))
}
