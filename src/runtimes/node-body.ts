import type { Readable } from 'node:stream'
import { Readable as ReadableClass } from 'node:stream'
import type { Body } from '../platform.ts'

/**
 * Wraps a Node stream as a `Body`; reads fail after `idleTimeoutMs` without a byte. `onCancel` is
 * what giving up means: by default the stream is destroyed, and its socket with it.
 */
export function createNodeBody(
  source: Readable,
  idleTimeoutMs: number,
  onCancel: (reason: unknown) => void = (reason) =>
    source.destroy(reason instanceof Error ? reason : undefined),
): Body {
  // Reads may be far apart: a fault between them must not be an unhandled 'error'.
  let fault: Error | undefined
  source.on('error', (error) => {
    fault = error
  })

  async function read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk: Uint8Array | null = source.readableEnded ? null : source.read()
      // No Buffer: its `slice` is no copy and its `fill` refuses an end beyond its own.
      if (chunk !== null && chunk.length > 0) {
        return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
      }
      if (source.readableEnded) return undefined
      if (fault !== undefined) throw fault
      if (source.destroyed) throw new Error('The peer closed the connection before the body ended')
      await nextEvent(source, idleTimeoutMs)
    }
  }

  return {
    read,
    async cancel(reason) {
      if (source.destroyed || source.readableEnded) return
      onCancel(reason)
    },
    stream: () => ReadableClass.toWeb(source) as unknown as ReadableStream<Uint8Array>,
  }
}

function nextEvent(source: Readable, idleTimeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(`No byte of the body arrived for ${idleTimeoutMs} ms`)
      settle()
      source.destroy()
      reject(error)
    }, idleTimeoutMs)
    const done = () => {
      settle()
      resolve()
    }
    function settle() {
      clearTimeout(timer)
      for (const name of ['readable', 'end', 'error', 'close']) source.off(name, done)
    }
    for (const name of ['readable', 'end', 'error', 'close']) source.on(name, done)
  })
}
