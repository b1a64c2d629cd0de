import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile as writeText,
} from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from './refusal.ts'
import {
  roomLeft,
  uploadsFolder,
  type VolumeFiles,
  type WrittenFile,
  writeFile,
} from './volume-files.ts'
import type { NamedPart } from './volume-xml.ts'

/** A multipart upload that is open. */
export interface VolumeUpload {
  readonly uploadId: string
  readonly key: string
  readonly started: Date
}

/** A part that was stored. */
export interface VolumePart extends NamedPart {
  readonly size: number
  readonly modified: Date
}

/** The multipart uploads of one volume; parts are files of the hidden folder. */
export interface VolumeUploads {
  create(key: string): Promise<string>
  list(): Promise<VolumeUpload[]>
  parts(key: string, uploadId: string): Promise<VolumePart[]>
  part(
    key: string,
    uploadId: string,
    partNumber: number,
    body: AsyncIterable<Uint8Array>,
  ): Promise<WrittenFile>
  /** Puts the parts together aside and then in place by rename; returns the ETag. */
  complete(key: string, uploadId: string, parts: readonly NamedPart[]): Promise<string>
  abort(key: string, uploadId: string): Promise<void>
}

/** Opens the uploads of a volume. */
export function createVolumeUploads(files: VolumeFiles, sizeBytes: () => number): VolumeUploads {
  const folder = join(files.directory, uploadsFolder)
  let writes = 0

  async function find(key: string, uploadId: string): Promise<VolumeUpload> {
    const known = (await list()).find((one) => one.uploadId === uploadId && one.key === key)
    if (known === undefined) throw new Refusal(404, 'NoSuchUpload', 'There is no such upload')
    return known
  }

  async function list(): Promise<VolumeUpload[]> {
    const names = await readdir(folder).catch(() => [])
    const found = await Promise.all(
      names.map(async (uploadId) => {
        const path = join(folder, uploadId, 'key')
        const key = await readFile(path, 'utf8').catch(() => undefined)
        if (key === undefined) return []
        return [{ uploadId, key, started: (await stat(path)).mtime }]
      }),
    )
    return found
      .flat()
      .sort((a, b) =>
        a.key === b.key ? (a.uploadId < b.uploadId ? -1 : 1) : a.key < b.key ? -1 : 1,
      )
  }

  async function parts(key: string, uploadId: string): Promise<VolumePart[]> {
    await find(key, uploadId)
    const found: VolumePart[] = []
    for (const name of (await readdir(join(folder, uploadId))).sort()) {
      const match = /^(\d{5})\.([0-9a-f]{32})$/.exec(name)
      if (match === null) continue
      const { size, mtime } = await stat(join(folder, uploadId, name))
      found.push({ partNumber: Number(match[1]), etag: `${match[2]}`, size, modified: mtime })
    }
    return found
  }

  function partPath(uploadId: string, { partNumber, etag }: NamedPart): string {
    return join(folder, uploadId, `${`${partNumber}`.padStart(5, '0')}.${etag}`)
  }

  return {
    async create(key) {
      files.pathOf(key)
      const uploadId = randomBytes(16).toString('hex')
      await mkdir(join(folder, uploadId), { recursive: true })
      await writeText(join(folder, uploadId, 'key'), key)
      return uploadId
    },
    list,
    parts,
    async part(key, uploadId, partNumber, body) {
      await find(key, uploadId)
      const path = join(folder, uploadId, `writing-${++writes}`)
      try {
        const written = await writeFile(path, body, await roomLeft(files.directory, sizeBytes()))
        const older = (await parts(key, uploadId)).filter((one) => one.partNumber === partNumber)
        await rename(path, partPath(uploadId, { partNumber, etag: written.md5 }))
        for (const one of older) {
          if (one.etag !== written.md5) await rm(partPath(uploadId, one), { force: true })
        }
        return written
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
    },
    async complete(key, uploadId, named) {
      const stored = await parts(key, uploadId)
      const hash = createHash('md5')
      let last = 0
      for (const one of named) {
        if (one.partNumber <= last) throw new Refusal(400, 'InvalidPartOrder')
        last = one.partNumber
        if (!stored.some((part) => part.partNumber === last && part.etag === one.etag)) {
          throw new Refusal(400, 'InvalidPart', `Part ${last} could not be found`)
        }
        hash.update(one.etag, 'hex')
      }
      const etag = `${hash.digest('hex')}-${named.length}`
      const whole = join(folder, uploadId, 'whole')
      async function* bytes(): AsyncGenerator<Uint8Array> {
        for (const one of named) yield* createReadStream(partPath(uploadId, one))
      }
      await writeFile(whole, bytes(), Number.POSITIVE_INFINITY)
      await files.place(whole, key, etag)
      await rm(join(folder, uploadId), { recursive: true, force: true })
      return etag
    },
    async abort(key, uploadId) {
      await find(key, uploadId)
      await rm(join(folder, uploadId), { recursive: true, force: true })
    },
  }
}
