/** A program that uploads a file by the client, in a process of its own. */
import { openAsBlob } from 'node:fs'
import { createClient } from '../../src/client/client.ts'
import { createClient as createNodeClient, openFile } from '../../src/client-node/client.ts'
import { authorization } from '../load/upload-scene.ts'
import { takeCommands } from '../subjects/control.ts'

export interface ClientUpload {
  /** The gateway. */
  readonly baseUrl: string
  readonly path: string
  /** `node` is `bulkway/client/node`, as on the command line; `fetch` is `bulkway/client` with Blobs. */
  readonly by: 'node' | 'fetch'
  /** Parts under way at a time. */
  readonly concurrency: number
}

/** Resolves to seconds. */
async function upload({ baseUrl, path, by, concurrency }: ClientUpload): Promise<number> {
  const create = by === 'node' ? createNodeClient : createClient
  const client = create({ baseUrl, apiKey: authorization.slice('Bearer '.length) })
  const startedAt = performance.now()
  const file = by === 'node' ? await openFile(path) : await openAsBlob(path)
  await client.upload('bench', file, { concurrency })
  return (performance.now() - startedAt) / 1e3
}

await takeCommands({ upload })
