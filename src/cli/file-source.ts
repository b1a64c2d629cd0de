import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { BulkwayError, type FileSource } from '../client/client.ts'

const chunkBytes = 262_144

/** A file of this machine, which must stay as it is; throws `file_unreadable`. */
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
    return new ReadableStream<Uint8Array>(
      {
        start: () => closing(requireSame),
        pull: (controller) =>
          closing(async (handle) => {
            const chunk = new Uint8Array(Math.min(chunkBytes, end - at))
            const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
            at += bytesRead
            const isLast = bytesRead === 0 || at >= end
            // While the last bytes are held back, nobody takes the range for whole.
            if (isLast) await requireSame(handle)
            if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead))
            if (!isLast) return
            await close()
            controller.close()
          }),
        cancel: close,
      },
      { highWaterMark: 1 },
    )
  }
  return { size, name: basename(path), lastModified: mtimeMs, stream }
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
