import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'

/** As much as the platform reads from a connection at a time by itself. */
const readBytes = 65_536

/**
 * Makes the agents of outgoing requests, with kept connections. All connections of an agent are read
 * into one and the same memory (`onread` of node:net): the parser copies a body's bytes out of it at
 * once, and reads of their own would be let go of only by the collector.
 */
export function createAgents(): { readonly http: HttpAgent; readonly https: HttpsAgent } {
  return {
    http: readIntoOneBuffer(new HttpAgent({ keepAlive: true })),
    https: readIntoOneBuffer(new HttpsAgent({ keepAlive: true })),
  }
}

function readIntoOneBuffer<A extends HttpAgent>(agent: A): A {
  const buffer = Buffer.alloc(readBytes)
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => {
    let socket: Duplex | null | undefined
    // As a socket does that reads by itself; whoever is to wait pauses it.
    const emit = (bytes: number) => {
      socket?.emit('data', buffer.subarray(0, bytes))
      return true
    }
    const reading: object = { onread: { buffer, callback: emit } }
    socket = connect({ ...options, ...reading }, callback)
    return socket
  }
  return agent
}
