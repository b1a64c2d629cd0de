import { createMeter, type Progress } from './progress.ts'
import type { Hasher } from './sha256.ts'
import { chunksOf, partOf, type Uploadable } from './source.ts'

/** SHA-256 of a file in hex, read once from its beginning to its end. */
export async function hashFile(
  file: Uploadable,
  newSha256: () => Hasher,
  options: {
    readonly signal: AbortSignal
    readonly onProgress: ((progress: Progress) => void) | undefined
  },
): Promise<string> {
  const hash = newSha256()
  const meter = createMeter('hashing', file.size, 0, options.onProgress)
  let bytes = 0
  for await (const chunk of chunksOf(partOf(file, 0, file.size))) {
    options.signal.throwIfAborted()
    hash.update(chunk)
    bytes += chunk.byteLength
    meter.set(1, bytes)
  }
  meter.end()
  return hash.hex()
}
