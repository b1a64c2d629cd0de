import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { copyFile, lstat, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Refusal, refusalOf } from './refusal.ts'

/** Where parts and unfinished files lie on a volume; hidden from every listing. */
export const uploadsFolder = '.s3compat_uploads'

/** A file as S3 shows it; a directory that is empty is shown as a key that ends with a slash. */
export interface VolumeFile {
  readonly key: string
  readonly size: number
  readonly modified: Date
}

/** What was written. */
export interface WrittenFile {
  readonly bytes: number
  readonly md5: string
  readonly sha256: string
}

/** The files of one volume: a directory, as a worker has it mounted. */
export interface VolumeFiles {
  readonly directory: string
  /** Path of a key; throws what POSIX cannot have. */
  pathOf(key: string): string
  /** Size and time of a key's file; throws `NoSuchKey`. */
  stat(key: string): Promise<VolumeFile>
  /** MD5 in hex, or what a multipart upload has made of its parts'; kept until the file changes. */
  etag(key: string): Promise<string>
  /** The bytes from `start` to `end`, both counted. */
  read(key: string, start: number, end: number): Promise<NodeJS.ReadableStream>
  /** Writes in place, as PutObject does: a reader sees the file grow. */
  write(key: string, body: AsyncIterable<Uint8Array>): Promise<WrittenFile>
  /** Puts a finished file in place by rename. */
  place(path: string, key: string, etag: string): Promise<void>
  /** Copies aside and puts the copy in place by rename. */
  copy(from: string, to: string): Promise<void>
  remove(key: string): Promise<void>
  /** Every file and every empty directory below a prefix, by the bytes of the key. */
  list(prefix: string): Promise<VolumeFile[]>
  /** Bytes in files, unfinished ones counted. */
  usedBytes(): Promise<number>
}

/** Opens a volume's directory, which must exist; `sizeBytes` is what fits in. */
export function createVolumeFiles(
  directory: string,
  sizeBytes: () => number = () => Number.POSITIVE_INFINITY,
): VolumeFiles {
  const etags = new Map<string, { readonly stamp: string; readonly etag: string }>()
  let copies = 0

  function pathOf(key: string): string {
    const names = key.split('/')
    if (names.some((name) => name === '.' || name === '..') || key.includes('\0')) {
      throw new Refusal(400, 'InvalidArgument', 'The key is no path')
    }
    if (names.find((name) => name !== '') === uploadsFolder) {
      throw new Refusal(403, 'AccessDenied', 'The folder is not yours')
    }
    return join(directory, key)
  }

  async function stat(key: string): Promise<VolumeFile> {
    const found = await lstat(pathOf(key)).catch((error: unknown) => {
      // As with a key that is not there: a file has nothing below it.
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if (code === 'ENOTDIR') throw new Refusal(404, 'NoSuchKey')
      throw refusalOf(error)
    })
    if (found.isDirectory() !== key.endsWith('/')) throw new Refusal(404, 'NoSuchKey')
    return { key, size: found.isDirectory() ? 0 : found.size, modified: found.mtime }
  }

  async function note(key: string, etag: string): Promise<void> {
    etags.set(key, { stamp: stampOf(await lstat(pathOf(key))), etag })
  }

  async function makeRoom(key: string): Promise<string> {
    const path = pathOf(key)
    try {
      await mkdir(dirname(path), { recursive: true })
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      throw code === 'EEXIST' ? new Refusal(409, 'ParentIsObject') : refusalOf(error)
    }
    return path
  }

  return {
    directory,
    pathOf,
    stat,
    async etag(key) {
      if (key.endsWith('/')) return createHash('md5').digest('hex')
      const stamp = stampOf(await lstat(pathOf(key)))
      const known = etags.get(key)
      if (known?.stamp === stamp) return known.etag
      const hash = createHash('md5')
      for await (const chunk of createReadStream(pathOf(key))) hash.update(chunk)
      const etag = hash.digest('hex')
      etags.set(key, { stamp, etag })
      return etag
    },
    read: async (key, start, end) => createReadStream(pathOf(key), { start, end }),
    async write(key, body) {
      const path = await makeRoom(key)
      if (key.endsWith('/')) {
        for await (const _ of body)
          throw new Refusal(400, 'InvalidArgument', 'A directory is empty')
        await mkdir(path, { recursive: true })
        const [md5, sha256] = [createHash('md5').digest('hex'), createHash('sha256').digest('hex')]
        return { bytes: 0, md5, sha256 }
      }
      const written = await writeFile(path, body, await roomLeft(directory, sizeBytes()))
      await note(key, written.md5)
      return written
    },
    async place(path, key, etag) {
      const target = await makeRoom(key)
      await rename(path, target).catch((error: unknown) => {
        throw refusalOf(error)
      })
      await note(key, etag)
    },
    async copy(from, to) {
      const { size } = await stat(from)
      if (size > (await roomLeft(directory, sizeBytes()))) {
        throw new Refusal(507, 'InsufficientStorage', 'The volume is full')
      }
      const aside = join(directory, uploadsFolder, `copy-${++copies}-${process.pid}`)
      await mkdir(dirname(aside), { recursive: true })
      try {
        await copyFile(pathOf(from), aside)
        await rename(aside, await makeRoom(to))
      } catch (error) {
        await rm(aside, { force: true })
        throw refusalOf(error)
      }
    },
    async remove(key) {
      etags.delete(key)
      try {
        if (key.endsWith('/')) await rmdir(pathOf(key))
        else await rm(pathOf(key))
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? `${error.code}` : ''
        // What is not there, and a directory that is in use, are no errors of DeleteObject.
        if (!['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'ERR_FS_EISDIR', 'EISDIR'].includes(code))
          throw error
      }
    },
    async list(prefix) {
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
      const found: VolumeFile[] = []
      await walk(pathOf(folder), folder, found)
      return sortFiles(found.filter(({ key }) => key.startsWith(prefix) && key !== ''))
    },
    usedBytes: () => bytesIn(directory),
  }
}

/** By the bytes of the key, as S3 sorts. */
export function sortFiles(files: readonly VolumeFile[]): VolumeFile[] {
  return files
    .map((file) => ({ file, bytes: Buffer.from(file.key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ file }) => file)
}

/**
 * Writes a stream to a path, in place and with backpressure; what was written stays when the stream
 * breaks off. Throws 507 once `room` bytes are full.
 */
export async function writeFile(
  path: string,
  body: AsyncIterable<Uint8Array>,
  room: number,
): Promise<WrittenFile> {
  const [md5, sha256] = [createHash('md5'), createHash('sha256')]
  let bytes = 0
  const file = await open(path, 'w').catch((error: unknown) => {
    throw refusalOf(error)
  })
  try {
    for await (const chunk of body) {
      if (bytes + chunk.length > room) {
        throw new Refusal(507, 'InsufficientStorage', 'The volume is full')
      }
      await file.writeFile(chunk)
      md5.update(chunk)
      sha256.update(chunk)
      bytes += chunk.length
    }
  } finally {
    await file.close()
  }
  return { bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex') }
}

/** Bytes that still fit in a volume of `sizeBytes`. */
export async function roomLeft(directory: string, sizeBytes: number): Promise<number> {
  return sizeBytes === Number.POSITIVE_INFINITY ? sizeBytes : sizeBytes - (await bytesIn(directory))
}

async function walk(path: string, prefix: string, found: VolumeFile[]): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined)
  if (entries === undefined) return
  const own = entries.filter(({ name }) => prefix !== '' || name !== uploadsFolder)
  if (own.length === 0 && prefix !== '') {
    const { mtime } = await lstat(path)
    found.push({ key: prefix, size: 0, modified: mtime })
  }
  for (const entry of own) {
    const below = join(path, entry.name)
    if (entry.isDirectory()) {
      await walk(below, `${prefix}${entry.name}/`, found)
    } else if (entry.isFile()) {
      // A worker may have moved it since.
      const stats = await lstat(below).catch(() => undefined)
      if (stats === undefined) continue
      found.push({ key: prefix + entry.name, size: stats.size, modified: stats.mtime })
    }
  }
}

async function bytesIn(path: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    const below = join(path, entry.name)
    if (entry.isDirectory()) bytes += await bytesIn(below)
    else
      bytes += await lstat(below).then(
        ({ size }) => size,
        () => 0,
      )
  }
  return bytes
}

function stampOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`
}
