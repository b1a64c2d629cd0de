import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Digest } from './bucket.ts'

/** A network volume as a worker has it: the paths that jobs name, and the directory behind them. */
export interface Mount {
  /** `/runpod-volume` on the platform. */
  readonly mountPath: string
  readonly directory: string
}

/** What was written to the volume. */
export interface WrittenPath {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

const blockBytes = 1_048_576

/** Whether a text is a path of the volume. */
export function isOnVolume(text: string, mount: Mount | undefined): boolean {
  return mount !== undefined && text.startsWith(`${mount.mountPath}/`)
}

/** Reads a file of the volume; undefined for a directory. */
export async function digestPath(path: string, mount: Mount): Promise<Digest | undefined> {
  const real = realPath(path, mount)
  const known = await stat(real)
  if (known.isDirectory()) return undefined
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(real)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { path, bytes, sha256: hash.digest('hex') }
}

/** Writes random bytes beside the path and renames them: no reader sees half of them. */
export async function writePath(path: string, bytes: number, mount: Mount): Promise<WrittenPath> {
  const real = realPath(path, mount)
  await mkdir(dirname(real), { recursive: true })
  const aside = `${real}.${randomBytes(4).toString('hex')}.tmp`
  const hash = createHash('sha256')
  const file = await open(aside, 'wx')
  try {
    for (let left = bytes; left > 0; left -= blockBytes) {
      const block = randomBytes(Math.min(left, blockBytes))
      hash.update(block)
      await file.writeFile(block)
    }
  } finally {
    await file.close()
  }
  await rename(aside, real)
  return { path, bytes, sha256: hash.digest('hex') }
}

function realPath(path: string, { mountPath, directory }: Mount): string {
  return join(directory, path.slice(mountPath.length))
}
