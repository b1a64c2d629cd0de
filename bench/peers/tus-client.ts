/** The client that tus needs: creates an upload and sends its bytes with one `PATCH`. */
import { createHash, randomBytes } from 'node:crypto'
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { takeCommands } from '../subjects/control.ts'

/** No divisor of a part, so that parts in the wrong order change the hash. */
const chunk = randomBytes(196_605)

function* piecesOf(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= chunk.length) yield chunk.subarray(0, left)
}

function send(
  url: URL,
  options: RequestOptions,
  pieces: Iterator<Buffer>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options })
    outgoing.on('error', reject).on('response', async (incoming) => {
      const answer = await text(incoming)
      if ((incoming.statusCode ?? 500) < 300) resolve(incoming)
      else reject(new Error(`${incoming.statusCode}: ${answer}`))
    })
    const more = () => {
      for (let next = pieces.next(); !next.done; next = pieces.next()) {
        if (outgoing.write(next.value)) continue
        outgoing.once('drain', more)
        return
      }
      outgoing.end()
    }
    more()
  })
}

async function upload({ url, bytes }: { url: string; bytes: number }): Promise<number> {
  const version = { 'tus-resumable': '1.0.0' }
  const startedAt = performance.now()
  const created = await send(
    new URL(url),
    { method: 'POST', headers: { ...version, 'upload-length': bytes, 'content-length': 0 } },
    piecesOf(0),
  )
  await send(
    new URL(created.headers.location ?? '', url),
    {
      method: 'PATCH',
      headers: {
        ...version,
        'upload-offset': 0,
        'content-type': 'application/offset+octet-stream',
        'content-length': bytes,
      },
    },
    piecesOf(bytes),
  )
  return (performance.now() - startedAt) / 1e3
}

await takeCommands({
  upload,
  hash({ bytes }: { bytes: number }): string {
    const hash = createHash('sha256')
    for (const piece of piecesOf(bytes)) hash.update(piece)
    return hash.digest('hex')
  },
})
