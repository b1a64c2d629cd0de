import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { BulkwayError } from '../client/bulkway-error.ts'
import { ownHeaders, type PartAnswer, type SendPart, shownCharacters } from '../client/send-part.ts'
import { chunksOf } from '../client/source.ts'

const chunkBytes = 1024 * 1024

/**
 * Sends parts straight from the file to the socket: two chunks of each are in memory, which serve
 * part after part, and progress is told within a part, which `fetch` does not.
 */
export function sendByHttp(): SendPart {
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  }
  const idle: ArrayBuffer[] = []
  let underWay = 0
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
    let over = false
    const ended = answered
      .catch(() => {})
      .then(() => {
        over = true
      })
    let lent = false
    const lend = () => {
      lent = true
      return idle.pop() ?? new ArrayBuffer(chunkBytes)
    }
    let sent = 0
    const write = (chunk: Uint8Array<ArrayBuffer>) =>
      new Promise<void>((resolve) => {
        outgoing.write(chunk, (error) => {
          if (!error) {
            sent += chunk.byteLength
            if (lent) idle.push(chunk.buffer)
          }
          resolve()
        })
      })
    underWay++
    try {
      await leave()
      return await answered.catch((cause) => {
        signal.throwIfAborted()
        throw new BulkwayError('network_error', 0, 'Cannot reach the store', { cause })
      })
    } finally {
      if (--underWay === 0) idle.length = 0
      // An answer that came before the end of the body leaves a connection of no use.
      if (!outgoing.writableEnded) outgoing.destroy()
    }

    async function leave(): Promise<void> {
      let before: Promise<void> | undefined
      for await (const chunk of chunksOf(body, lend)) {
        if (over) return
        const flushed = write(chunk)
        await Promise.race([before, ended])
        onSent(sent)
        before = flushed
      }
      await Promise.race([before, ended])
      onSent(sent)
      if (!over) outgoing.end()
    }
  }
}

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
