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

  function stream(start: number, end: number): ReadableStream<Uint8Array> {
    let handle: FileHandle | undefined
    let at = start
    return new ReadableStream<Uint8Array>(
      {
        async start() {
          handle = await open(path)
          const now = await handle.stat()
          if (now.size === size && now.mtimeMs === mtimeMs) return
          await handle.close()
          refuse(path, 'it has changed meanwhile')
        },
        async pull(controller) {
          const chunk = new Uint8Array(Math.min(chunkBytes, end - at))
          const bytesRead = (await handle?.read(chunk, 0, chunk.length, at))?.bytesRead ?? 0
          at += bytesRead
          if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead))
          if (bytesRead > 0 && at < end) return
          await handle?.close()
          controller.close()
        },
        async cancel() {
          await handle?.close()
        },
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
