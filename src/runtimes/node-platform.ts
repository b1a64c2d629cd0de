import { createHash, createHmac, hash } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { type Log, reasonOf } from '../log.ts'
import type { OutgoingBody, Platform, StreamHash } from '../platform.ts'
import { createNodeBytes } from './node-bytes.ts'
import { decodeOnNode } from './node-decode.ts'
import { createNodeSend } from './node-send.ts'

/** The Node adapter; `settled` resolves when all background work is done. */
export function createNodePlatform(log: Log): Platform & { settled(): Promise<void> } {
  const tasks = new Set<Promise<unknown>>()

  function waitUntil(task: Promise<unknown>): void {
    const logged = task.catch((error) => {
      log.write('error', { event: 'background_task_failed', reason: reasonOf(error) })
    })
    tasks.add(logged)
    logged.finally(() => tasks.delete(logged))
  }

  return {
    name: 'node',
    bytes: createNodeBytes(),
    send: createNodeSend(),
    decode: decodeOnNode,
    toStream,
    now: () => Date.now(),
    wait: async (ms) => await wait(ms),
    waitUntil,
    sha256: () => streamHash('sha256'),
    sha512: () => streamHash('sha512'),
    sha1: () => streamHash('sha1'),
    digests: {
      sha256: (bytes) => hash('sha256', bytes, 'buffer'),
      hmac: (key, bytes) => createHmac('sha256', key).update(bytes).digest(),
    },
    crc32,
    resolve: async (hostname) =>
      (await lookup(hostname, { all: true })).map(({ address }) => address),
    holdBytes: 65_536,
    mayWaitForOthers: true,
    async settled() {
      while (tasks.size > 0) await Promise.all(tasks)
    },
  }
}

function streamHash(algorithm: 'sha1' | 'sha256' | 'sha512'): StreamHash {
  const hash = createHash(algorithm)
  return {
    update(chunk) {
      hash.update(chunk)
    },
    digest: async () => hash.digest(),
  }
}

function toStream(body: OutgoingBody): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await body.read()
        // The server may hold a chunk longer than the next read allows.
        if (chunk === undefined) controller.close()
        else controller.enqueue(chunk.slice())
      },
      cancel: (reason) => body.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
