import { createReadStream } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import type { StoreFacts } from '../store.ts'
import { sortFiles, type VolumeFile, type VolumeFiles } from './volume-files.ts'

const mirroredMaxBytes = 256_000_000

/**
 * Files of a volume that are read from a real S3 server: each is brought there before it is asked
 * for, whoever wrote it, so that what GET, HEAD and LIST answer is that server's. Directories,
 * which an S3 server has not, are objects that end with a slash. Files over 256 MB are read from the
 * directory: they would be written twice.
 */
export function createMirroredFiles(files: VolumeFiles, facts: StoreFacts): VolumeFiles {
  const Bucket = facts.bucket
  const root = `${encodeURIComponent(files.directory)}/`
  const client = new S3Client({
    endpoint: facts.endpoint,
    region: facts.region,
    forcePathStyle: true,
    credentials: facts,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  /** What of each key is there: what a file's times and size were, when it was brought. */
  const known = new Map<string, string>()
  const underWay = new Map<string, Promise<void>>()

  /** Brings a key in line; one at a time for a key. */
  async function bring(key: string): Promise<void> {
    const before = underWay.get(key)
    const turn = (before ?? Promise.resolve()).then(() => bringNow(key))
    const quiet = turn.catch(() => {})
    underWay.set(key, quiet)
    await turn.finally(() => {
      if (underWay.get(key) === quiet) underWay.delete(key)
    })
  }

  async function bringNow(key: string): Promise<void> {
    const where = { Bucket, Key: root + key }
    const stats = await lstat(files.pathOf(key)).catch(() => undefined)
    const isThere = stats !== undefined && stats.isDirectory() === key.endsWith('/')
    const stamp = isThere ? `${stats.ino} ${stats.size} ${stats.mtimeMs}` : undefined
    if (known.get(key) === stamp) return
    if (stats === undefined || stamp === undefined) {
      await client.send(new DeleteObjectCommand(where))
      known.delete(key)
      return
    }
    const size = stats.isDirectory() ? 0 : stats.size
    // A file that changes meanwhile is brought again by whoever asks next.
    const Body = size === 0 ? '' : Readable.from(exactly(files.pathOf(key), size))
    await client.send(new PutObjectCommand({ ...where, Body, ContentLength: size }))
    known.set(key, stamp)
  }

  return {
    ...files,
    async stat(key) {
      const file = await files.stat(key)
      if (file.size > mirroredMaxBytes) return file
      await bring(key)
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: root + key }))
      return { key, size: head.ContentLength ?? 0, modified: file.modified }
    },
    async read(key, start, end) {
      if (known.get(key) === undefined) return await files.read(key, start, end)
      const Range = `bytes=${start}-${end}`
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: root + key, Range }))
      if (Body instanceof Readable) return Body
      throw new TypeError(`Cannot read ${key}: no stream`)
    },
    async list(prefix) {
      const there = new Map((await files.list(prefix)).map((file) => [file.key, file]))
      const stale = [...known.keys()].filter((key) => key.startsWith(prefix) && !there.has(key))
      const found = [...there.values()].filter(isLarge)
      const small = [...there.values()].filter((file) => !isLarge(file))
      for (const key of [...small.map((file) => file.key), ...stale]) await bring(key)
      const pages = paginateListObjectsV2({ client }, { Bucket, Prefix: root + prefix })
      for await (const page of pages) {
        for (const { Key = '', Size = 0 } of page.Contents ?? []) {
          const file = there.get(Key.slice(root.length))
          if (file !== undefined && !isLarge(file)) found.push({ ...file, size: Size })
        }
      }
      return sortFiles(found)
    },
  }
}

function isLarge({ size }: VolumeFile): boolean {
  return size > mirroredMaxBytes
}

/** Bytes of a file, as many as were announced: what it has lost since is filled with zeros. */
async function* exactly(path: string, size: number): AsyncGenerator<Uint8Array> {
  let left = size
  for await (const chunk of createReadStream(path, { end: size - 1 })) {
    left -= chunk.length
    yield chunk
  }
  if (left > 0) yield new Uint8Array(left)
}
