import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file to upload. */
export interface TemporaryFile {
  readonly path: string
  readonly bytes: number
  /** Lower-case hex SHA-256. */
  readonly sha256: string
  remove(): Promise<void>
}

/** No divisor of a part, so that parts in the wrong order change the hash. */
const chunk = randomBytes(1_048_573)

/** Writes a file of `bytes`, on the disk and in its cache when this resolves. */
export async function makeFile(bytes: number): Promise<TemporaryFile> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-file-'))
  const path = join(folder, 'file.bin')
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  try {
    for (let left = bytes; left > 0; left -= chunk.length) {
      const piece = chunk.subarray(0, left)
      hash.update(piece)
      await file.write(piece)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  const remove = () => rm(folder, { recursive: true, force: true })
  return { path, bytes, sha256: hash.digest('hex'), remove }
}
