import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { pipeline, Transform } from 'node:stream'

/**
 * Passes TCP connections on to a port of loopback and counts what the client sends: the official
 * client has no way to say how far it is.
 */
export async function startRelay(
  port: number,
  onBytes: (count: number) => void,
): Promise<{ readonly url: string; stop(): void }> {
  const server = createServer((client) => {
    const gateway = connect(port, '127.0.0.1')
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        onBytes(chunk.length)
        done(null, chunk)
      },
    })
    pipeline(client, count, gateway, () => client.destroy())
    pipeline(gateway, client, () => gateway.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const own = typeof address === 'object' ? address?.port : undefined
  return { url: `http://127.0.0.1:${own}`, stop: () => server.close().unref() }
}
