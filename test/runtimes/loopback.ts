import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** A server on a free loopback port. */
export interface Loopback extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  readonly url: string
}

/** Serves with a real HTTP server. */
export async function serveLoopback(
  listener: RequestListener,
  before: (server: Server) => void = () => {},
): Promise<Loopback> {
  const server = createServer(listener)
  before(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A bare connection to a loopback port. */
export async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return socket
}

/** Lets what is under way on loopback settle: real turns of the event loop, no clock. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}
