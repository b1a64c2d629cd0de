/** A program that uploads a file by the client, in a process of its own. */
import { openAsBlob } from 'node:fs'
import { openFile } from '../../src/cli/file-source.ts'
import { sendByHttp } from '../../src/cli/send-by-http.ts'
import { createClient } from '../../src/client/client.ts'
import { authorization } from '../load/upload-scene.ts'
import { takeCommands } from '../subjects/control.ts'

export interface ClientUpload {
  /** The gateway. */
  readonly baseUrl: string
  readonly path: string
  /** `fetch` is the client as docs/client.md shows it for Node, `http` what the command line does. */
  readonly by: 'fetch' | 'http'
  /** Parts under way at a time. */
  readonly concurrency: number
}

/** Resolves to seconds. */
async function upload({ baseUrl, path, by, concurrency }: ClientUpload): Promise<number> {
  const client = createClient({
    baseUrl,
    apiKey: authorization.slice('Bearer '.length),
    ...(by === 'http' && { sendPart: sendByHttp() }),
  })
  const startedAt = performance.now()
  const file = by === 'http' ? await openFile(path) : await openAsBlob(path)
  await client.upload('bench', file, { concurrency })
  return (performance.now() - startedAt) / 1e3
}

await takeCommands({ upload })
