import { once } from 'node:events'
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import {
  BulkwayError,
  chunksOf,
  ownHeaders,
  type PartAnswer,
  type SendPart,
} from '../client/client.ts'

/**
 * Sends parts straight from the file to the socket, so that memory holds a few chunks and progress
 * is told within a part, which `fetch` does not.
 */
export function sendByHttp(): SendPart {
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  }
  return async ({ url, headers, body, signal, stallMs, onSent }) => {
    signal.throwIfAborted()
    const target = new URL(url)
    const secure = target.protocol === 'https:'
    const outgoing = (secure ? https : http).request(target, {
      method: 'PUT',
      agent: agents[secure ? 'https:' : 'http:'],
      headers: { ...ownHeaders(headers), 'content-length': body.size },
      signal,
      timeout: stallMs,
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('Nothing moved any more')))
    const answered = answerTo(outgoing)
    answered.catch(() => {})
    let over = false
    const ended = answered.then(
      () => {
        over = true
      },
      () => {
        over = true
      },
    )
    try {
      let sent = 0
      for await (const chunk of chunksOf(body)) {
        if (over) break
        sent += chunk.byteLength
        if (!outgoing.write(chunk)) await Promise.race([once(outgoing, 'drain'), ended])
        onSent(Math.max(0, sent - outgoing.writableLength))
      }
      if (!over) outgoing.end()
    } catch (error) {
      outgoing.destroy()
      if (error instanceof BulkwayError) throw error
    }
    try {
      return await answered
    } catch (cause) {
      signal.throwIfAborted()
      throw new BulkwayError('network_error', 0, 'Cannot reach the store', { cause })
    } finally {
      // An answer that came before the end of the body leaves a connection of no use.
      if (!outgoing.writableEnded) outgoing.destroy()
    }
  }
}

const shownCharacters = 2_000

async function answerTo(outgoing: ClientRequest): Promise<PartAnswer> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
  })
  const { statusCode: status = 0, headers } = incoming
  let text = ''
  incoming.setEncoding('utf8')
  for await (const chunk of incoming) if (text.length < shownCharacters) text += chunk
  return { status, etag: headers.etag, retryAfter: headers['retry-after'], text }
}
