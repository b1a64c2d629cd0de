import { createHash } from 'node:crypto'
import {
  type Client,
  type ClientOptions,
  createClient as createPortableClient,
  type Hasher,
} from '../client/client.ts'
import { sendByHttp } from './send-by-http.ts'

export * from '../client/client.ts'
export { openFile } from './open-file.ts'

/**
 * As `createClient` of `bulkway/client`, for Node alone: parts go from the file to the socket, and
 * SHA-256 is worked out by the platform.
 *
 * @example
 * const client = createClient({ baseUrl: 'https://gateway.example.com', apiKey })
 * const { ref } = await client.upload('demo', await openFile('film.mp4'))
 */
export function createClient(options: ClientOptions): Client {
  return createPortableClient({ sendPart: sendByHttp(), newSha256, ...options })
}

function newSha256(): Hasher {
  const hash = createHash('sha256')
  return { update: (bytes) => hash.update(bytes), hex: () => hash.digest('hex') }
}
