import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  ServerResponse,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { onceBody } from '../bytes/once-body.ts'
import { GatewayError } from '../errors.ts'
import { type IncomingResponse, NotSent, type OutgoingRequest, type Reply } from '../platform.ts'
import { createNodeBody } from './node-body.ts'
import { freeChunk } from './node-chunk.ts'

/** Milliseconds after which a silent connection is probed: who has vanished is noticed. */
const probeMs = 30_000

/** Bytes that a client may send before it knows that its WebSocket is open: nobody has to. */
const earlyMaxBytes = 65_536

/** Milliseconds that one end may leave untaken what the other had sent before it went. */
const lingerMs = 30_000

/** Upgrades of other protocols (`h2c`, which some clients offer) must go on as plain requests. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const canChooseUpgrades = major > 24 || (major === 24 && minor >= 9)

/** One end of a connection whose protocol has been switched, and what it had sent already. */
interface End {
  readonly socket: Socket
  readonly head: Buffer
}

/** The client's end while it waits: read, because only who reads hears that a client has gone. */
class WaitingEnd {
  readonly socket: Socket
  readonly #early: Buffer[] = []
  #bytes = 0

  constructor(socket: Socket, head: Buffer) {
    this.socket = socket
    this.#take(head)
    socket.on('data', this.#take)
    socket.on('end', this.#left)
  }

  /** No longer waits: gives what the client has sent too early. */
  release(): Buffer {
    this.socket.off('data', this.#take)
    this.socket.off('end', this.#left)
    return Buffer.concat(this.#early)
  }

  readonly #take = (bytes: Buffer): void => {
    this.#early.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes > earlyMaxBytes) this.socket.destroy()
  }

  readonly #left = (): void => {
    this.socket.destroy()
  }
}

/** WebSockets that are passed through, byte by byte. */
export interface NodeWebSockets {
  /** Takes requests for WebSockets under `/lb/` as requests like all others; the rest is untouched. */
  listen(server: Server): void
  /** Which upgrades `listen` is to be told of. */
  isWanted(incoming: IncomingMessage): boolean
  /** Asks for the other end of a WebSocket; its status is 101 where it waits for `join`. */
  upgrade(incoming: IncomingMessage, request: OutgoingRequest): Promise<IncomingResponse>
  /** Answers the client and joins it to the other end. */
  join(incoming: IncomingMessage, outgoing: ServerResponse, reply: Reply): void
  /** Breaks those that are still open. */
  closeAll(): void
}

/**
 * Makes the WebSockets of one server. They need Node 24.9: older ones cannot choose upgrades. A client
 * that was refused has `refusedMs` to close the connection.
 */
export function createNodeWebSockets({ refusedMs = lingerMs } = {}): NodeWebSockets {
  const near = new WeakMap<IncomingMessage, WaitingEnd>()
  const far = new WeakMap<IncomingMessage, End>()
  const open = new Set<Socket>()

  function keep(socket: Socket): void {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }

  function listen(server: Server): void {
    if (!canChooseUpgrades) return
    server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
      near.set(incoming, new WaitingEnd(socket, head))
      keep(socket)
      // What goes wrong shows in the other streams of this connection.
      socket.on('error', () => {})
      const outgoing = new ServerResponse(incoming)
      outgoing.shouldKeepAlive = false
      outgoing.assignSocket(socket)
      const drained = () => outgoing.emit('drain')
      socket.on('drain', drained)
      // Node no longer watches over a connection whose protocol might change.
      socket.on('timeout', () => outgoing.emit('timeout', socket) || socket.destroy())
      outgoing.once('finish', () => {
        socket.end()
        const timer = setTimeout(() => socket.destroy(), refusedMs)
        timer.unref()
        socket.once('close', () => clearTimeout(timer))
      })
      // A client that goes away while the other end is looked for.
      socket.once('close', () => far.get(incoming)?.socket.destroy())
      server.emit('request', incoming, outgoing)
    })
  }

  async function upgrade(
    incoming: IncomingMessage,
    request: OutgoingRequest,
  ): Promise<IncomingResponse> {
    const client = near.get(incoming)?.socket
    if (client === undefined) {
      throw new GatewayError('misconfigured', 'WebSockets need Node 24.9 or later')
    }
    const { response, end } = await connect(request, client)
    if (end !== undefined) {
      keep(end.socket)
      end.socket.on('error', () => {})
      far.set(incoming, end)
      if (client.destroyed) end.socket.destroy()
    }
    return response
  }

  function join(incoming: IncomingMessage, outgoing: ServerResponse, reply: Reply): void {
    const [client, worker] = [near.get(incoming), far.get(incoming)]
    if (client === undefined || worker === undefined) throw new Error('There is nothing to join')
    outgoing.detachSocket(client.socket)
    client.socket.removeAllListeners('drain')
    client.socket.removeAllListeners('timeout')
    client.socket.write(headOf(reply))
    client.socket.write(worker.head)
    worker.socket.write(client.release())
    for (const [from, to] of [
      [client.socket, worker.socket],
      [worker.socket, client.socket],
    ] as const) {
      relay(from, to)
      // What it had sent still goes to the other, who may be slow, but not for ever.
      from.once('close', () => {
        to.setTimeout(lingerMs, () => to.destroy())
        to.destroySoon()
      })
    }
  }

  return {
    listen,
    isWanted: ({ headers, url = '' }) =>
      headers.upgrade?.trim().toLowerCase() === 'websocket' && /^\/+lb\//.test(url),
    upgrade,
    join,
    closeAll() {
      for (const socket of open) socket.destroy()
    },
  }
}

/** Passes on all that comes, as fast as it is taken; each chunk is freed as soon as the kernel has it. */
function relay(from: Socket, to: Socket): void {
  from.on('data', (chunk: Buffer) => {
    const hasRoom = to.write(chunk, (error) => {
      if (!error) freeChunk(chunk)
    })
    if (!hasRoom) from.pause()
  })
  to.on('drain', () => from.resume())
  from.once('end', () => to.end())
}

function headOf({ headers }: Reply): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`)
  const first = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n'
  return `${first}${lines.join('')}\r\n`
}

function connect(
  request: OutgoingRequest,
  client: Socket,
): Promise<{ response: IncomingResponse; end?: End }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    response: IncomingResponse
    end?: End
  }>()
  const { idleTimeoutMs } = request
  const url = new URL(request.url)
  const headers = { ...Object.fromEntries(request.headers), connection: 'Upgrade' }
  const options = { method: 'GET', agent: false, headers: { ...headers, upgrade: 'websocket' } }
  const outgoing: ClientRequest =
    url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
  const leave = () => outgoing.destroy(new Error('The client closed the connection'))
  client.once('close', leave)
  let connected = false
  outgoing.on('socket', (socket) => {
    socket.once('connect', () => {
      connected = true
    })
  })
  outgoing.setTimeout(idleTimeoutMs, () => {
    outgoing.destroy(new Error(`No byte went either way for ${idleTimeoutMs} ms`))
  })
  outgoing.on('upgrade', (incoming, socket: Socket, head) => {
    client.off('close', leave)
    // An open WebSocket may be silent as long as it likes.
    for (const end of [socket, client]) {
      end.setTimeout(0)
      end.setNoDelay(true)
      end.setKeepAlive(true, probeMs)
    }
    const response = { status: 101, headers: headersOf(incoming), body: onceBody(new Uint8Array()) }
    resolve({ response, end: { socket, head } })
  })
  outgoing.on('response', (incoming) => {
    client.off('close', leave)
    const body = createNodeBody(incoming, idleTimeoutMs)
    resolve({
      response: { status: incoming.statusCode ?? 502, headers: headersOf(incoming), body },
    })
  })
  outgoing.on('error', (error) => {
    reject(connected ? error : new NotSent(error.message, { cause: error }))
  })
  outgoing.on('close', () => {
    client.off('close', leave)
    reject(new Error('The connection closed before an answer'))
  })
  outgoing.end()
  return promise
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
  }
  return headers
}
