import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { StreamedReply } from '../http/respond.ts'
import type { Body, OutgoingBody } from '../platform.ts'
import { sourceOf } from './node-body.ts'
import { freeChunk } from './node-chunk.ts'
import { NodeLine } from './node-line.ts'

/** What the framework is given in place of an answer that is on its way. */
export const onItsWay: Response = RESPONSE_ALREADY_SENT

/**
 * Writes an answer straight to the connection, where a web stream between would cost more than the
 * bytes themselves. Resolves when the last byte is handed over; what fails on the way breaks the
 * connection, so that half an answer never looks whole, as does a client that takes nothing for
 * `idleTimeoutMs`.
 */
export async function answerOnNode(
  outgoing: ServerResponse,
  reply: StreamedReply,
  idleTimeoutMs: number,
): Promise<void> {
  const { body } = reply
  const leave = () =>
    body.cancel(new Error('The client closed the connection while the answer was leaving'))
  // Who has gone already closes no second time.
  if (outgoing.destroyed) return await leave()
  outgoing.setTimeout(idleTimeoutMs, () => {
    // Where nothing waits to leave it is the body that takes its time.
    if (outgoing.writableLength > 0) outgoing.destroy()
  })
  const line = new NodeLine(outgoing, () => void leave())
  // The client learns that there is an answer also where its first byte takes long.
  const early = setImmediate(() => outgoing.flushHeaders())
  try {
    outgoing.writeHead(reply.status, [...reply.headers].flat())
    const source = sourceOf(body)
    if (source !== undefined) await flow(source, outgoing)
    else await pass(body, line, outgoing)
    line.release()
    outgoing.end()
  } catch (error) {
    line.release()
    await body.cancel(error)
    // An answer that lasts until the connection ends (HTTP/1.0) would look whole after a plain end.
    const endsByClosing = !outgoing.chunkedEncoding && !reply.headers.has('content-length')
    if (endsByClosing) outgoing.socket?.resetAndDestroy()
    outgoing.destroy()
  } finally {
    clearImmediate(early)
  }
}

/**
 * From connection to connection: a promise for each chunk would cost a fifth more CPU. Each chunk is
 * freed as soon as the kernel has it.
 */
function flow(source: Readable, outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const goOn = () => source.resume()
    source.on('data', (chunk: Buffer) => {
      const hasRoom = outgoing.write(chunk, (error) => {
        if (!error) freeChunk(chunk)
      })
      if (!hasRoom) source.pause()
    })
    outgoing.on('drain', goOn)
    source.once('end', resolve)
    source.once('error', reject)
    source.once('close', () => reject(new Error('The body broke off')))
  })
}

async function pass(
  body: Body | OutgoingBody,
  line: NodeLine,
  outgoing: ServerResponse,
): Promise<void> {
  for (;;) {
    const chunk = await body.read()
    if (outgoing.destroyed) throw new Error('The client is gone')
    if (chunk === undefined) return
    await line.send(chunk)
  }
}
