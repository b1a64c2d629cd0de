import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { BulkwayError } from '../client/bulkway-error.ts'
import type { FileSource } from '../client/source.ts'

/** Of readers that bring no memory of their own. */
const chunkBytes = 262_144

/**
 * A file of this machine, to be uploaded, which must stay as it is; throws `file_unreadable`. Its
 * streams are byte streams, whose readers may bring the memory to read into.
 */
export async function openFile(path: string): Promise<FileSource> {
  const facts = await stat(path).catch((cause) => refuse(path, reasonOf(cause), cause))
  if (!facts.isFile()) refuse(path, 'it is no file')
  const { size, mtimeMs } = facts
  // Before anything is asked of the gateway.
  await (await open(path).catch((cause) => refuse(path, reasonOf(cause), cause))).close()

  async function requireSame(handle: FileHandle): Promise<void> {
    const now = await handle.stat()
    if (now.size !== size || now.mtimeMs !== mtimeMs) refuse(path, 'it has changed meanwhile')
  }

  function stream(start: number, end: number): ReadableStream<Uint8Array> {
    const opening = open(path)
    let at = start
    const close = () => opening.then((handle) => handle.close()).catch(() => {})
    // A stream that fails is not cancelled.
    async function closing(work: (handle: FileHandle) => Promise<void>): Promise<void> {
      try {
        await work(await opening)
      } catch (error) {
        await close()
        throw error
      }
    }
    return new ReadableStream({
      type: 'bytes',
      autoAllocateChunkSize: chunkBytes,
      start: () => closing(requireSame),
      pull: (controller) =>
        closing(async (handle) => {
          const request = controller.byobRequest
          if (request === null || request.view === null) throw new Error('Nowhere to read into')
          const { buffer, byteOffset, byteLength } = request.view
          const view = new Uint8Array(buffer, byteOffset, Math.min(byteLength, end - at))
          const { bytesRead } = await handle.read(view, 0, view.length, at)
          at += bytesRead
          const isLast = bytesRead === 0 || at >= end
          // While the last bytes are held back, nobody takes the range for whole.
          if (isLast) await requireSame(handle)
          if (isLast) await close()
          // A reader that waits on is told of the end only once its memory is given back.
          if (bytesRead === 0) controller.close()
          request.respond(bytesRead)
          if (isLast && bytesRead > 0) controller.close()
        }),
      cancel: close,
    })
  }
  return { size, name: basename(path), lastModified: mtimeMs, stream, readsInto: true }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'its permissions forbid it'
  return cause instanceof Error ? cause.message : `${cause}`
}

function refuse(path: string, reason: string, cause?: unknown): never {
  throw new BulkwayError('file_unreadable', 0, `Cannot read ${path}: ${reason}`, { cause })
}
