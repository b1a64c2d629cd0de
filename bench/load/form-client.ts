/** The load client of forms: a process of its own, so that its work is nobody else's CPU. */
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { takeCommands } from '../subjects/control.ts'

/** A form of one small field and one file. */
export interface FormUpload {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Of the file. */
  readonly bytes: number
}

/** As large as a chunk of the JSON body, and no divisor of a part. */
const chunk = randomBytes(262_140)
const boundary = '----BenchFormBoundary7MA4YWxkTrZu0gW'
const prefix = Buffer.from(
  [
    ...[`--${boundary}`, 'Content-Disposition: form-data; name="input"', '', '{"note":"x"}'],
    ...[`--${boundary}`, 'Content-Disposition: form-data; name="file"; filename="file.bin"'],
    ...['Content-Type: application/octet-stream', '', ''],
  ].join('\r\n'),
)
const suffix = Buffer.from(`\r\n--${boundary}--\r\n`)

function* piecesOf(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= chunk.length) yield chunk.subarray(0, left)
}

function* formOf(bytes: number): Generator<Buffer> {
  yield prefix
  yield* piecesOf(bytes)
  yield suffix
}

/** Sends a form as fast as the socket takes it; resolves to its seconds. */
function upload({ url, headers, bytes }: FormUpload): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const outgoing = request(url, {
      method: 'POST',
      agent: false,
      headers: {
        ...headers,
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': prefix.length + bytes + suffix.length,
      },
    })
    outgoing.on('error', reject).on('response', async (incoming) => {
      const answer = await text(incoming)
      if (incoming.statusCode === 200) resolve((performance.now() - startedAt) / 1e3)
      else reject(new Error(`${incoming.statusCode}: ${answer}`))
    })
    const pieces = formOf(bytes)
    const send = () => {
      for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
        if (outgoing.write(next.value)) continue
        outgoing.once('drain', send)
        return
      }
      outgoing.end()
    }
    send()
  })
}

await takeCommands({
  upload,
  hash({ bytes }: { bytes: number }): string {
    const hash = createHash('sha256')
    for (const piece of piecesOf(bytes)) hash.update(piece)
    return hash.digest('hex')
  },
})
