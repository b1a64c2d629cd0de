import zlib from 'node:zlib'
import type { Body } from '../platform.ts'

type Decoder = zlib.Gunzip | zlib.BrotliDecompress

/** Bytes that come out at a time: more does not fit, however much is packed into a few bytes. */
const chunkSize = 65_536

/**
 * Makes `Platform.decode` for Node: as fast as the reader takes it, and a coding that is cut short is
 * an error. Zstandard from Node 22.15 on.
 */
export function decodeOnNode(body: Body, coding: string): Body | undefined {
  if (!codings.has(coding)) return undefined
  let decoder: Decoder | undefined
  let chunks: AsyncIterator<Uint8Array> | undefined
  let over = false

  async function begin(): Promise<AsyncIterator<Uint8Array> | undefined> {
    const first = await body.read()
    // Nothing at all is the coding of nothing, for HEAD and 204 too.
    if (first === undefined || over) return undefined
    decoder = createDecoder(coding, first)
    const iterator = decoder[Symbol.asyncIterator]()
    feed(decoder, body, first).catch((error: unknown) => {
      decoder?.destroy(error instanceof Error ? error : new Error(String(error)))
    })
    return iterator
  }

  async function read(): Promise<Uint8Array | undefined> {
    if (over) return undefined
    chunks ??= await begin()
    const next = await chunks?.next()
    if (next === undefined || next.done === true) {
      over = true
      return undefined
    }
    const { buffer, byteOffset, length } = next.value
    // No Buffer: its `slice` is no copy.
    return new Uint8Array(buffer, byteOffset, length)
  }

  async function cancel(reason?: unknown): Promise<void> {
    over = true
    decoder?.destroy()
    await body.cancel(reason)
  }

  return {
    read,
    cancel,
    stream: () =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const chunk = await read()
            if (chunk === undefined) controller.close()
            else controller.enqueue(chunk)
          },
          cancel,
        },
        { highWaterMark: 0 },
      ),
  }
}

const codings = new Set([
  'gzip',
  'x-gzip',
  'deflate',
  'br',
  ...('createZstdDecompress' in zlib ? ['zstd'] : []),
])

function createDecoder(coding: string, first: Uint8Array): Decoder {
  switch (coding) {
    case 'br':
      return zlib.createBrotliDecompress({ chunkSize })
    case 'zstd':
      return zlib.createZstdDecompress({ chunkSize }) as Decoder
    case 'deflate':
      return isZlib(first)
        ? zlib.createInflate({ chunkSize })
        : zlib.createInflateRaw({ chunkSize })
    default:
      return zlib.createGunzip({ chunkSize })
  }
}

/** RFC 9110 means the zlib format by `deflate`; some servers send it bare. */
function isZlib(first: Uint8Array): boolean {
  const [one = 0, two] = first
  return (one & 0x0f) === 8 && (two === undefined || ((one << 8) | two) % 31 === 0)
}

/** The next chunk is asked for once this one has been taken: it is not valid any longer. */
async function feed(decoder: Decoder, body: Body, first: Uint8Array): Promise<void> {
  for (let chunk: Uint8Array | undefined = first; chunk !== undefined; ) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (decoder.destroyed) return
    decoder.once('close', resolve)
    decoder.write(chunk, (error) => (error ? reject(error) : resolve()))
    await promise
    decoder.off('close', resolve)
    if (decoder.destroyed) return
    chunk = await body.read()
  }
  decoder.end()
}
