import type { Body } from '../platform.ts'
import { concat } from './concat.ts'

/**
 * Reads a body whole, the one place where that is done. Copies the chunks, for they are reused.
 *
 * @throws what `onOver` makes when there are more than `maxBytes`; the rest is cancelled then
 */
export async function readCapped(
  body: Pick<Body, 'read' | 'cancel'>,
  maxBytes: number,
  onOver: () => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    length += chunk.length
    if (length > maxBytes) {
      const over = onOver()
      await body.cancel(over)
      throw over
    }
    chunks.push(new Uint8Array(chunk))
  }
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : concat(chunks)
}
