import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { pipeline, Transform } from 'node:stream'

/** A stretch of the way on which bytes are counted, in both directions. */
export interface Traffic {
  /** `http://127.0.0.1:{port}`; all that comes is passed on. */
  readonly url: string
  /** Bytes so far, heads of requests and answers included. */
  bytes(): number
  close(): void
}

/** Passes TCP connections on to `port` of loopback, and counts. */
export async function countTraffic(port: number): Promise<Traffic> {
  let bytes = 0
  const open = new Set<Socket>()
  const counter = () =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        done(null, chunk)
      },
    })
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1')
    for (const socket of [client, target]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    }
    pipeline(client, counter(), target, () => client.destroy())
    pipeline(target, counter(), client, () => target.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const own = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${own}`,
    bytes: () => bytes,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
