import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/** Milliseconds that a client may go on sending a body which nobody reads any more. */
const lingerMs = 30_000

/**
 * After an early answer, reads the rest of the request and drops it: many clients send everything
 * before they read, and would see a reset instead of the error (RFC 9112 §9.6).
 */
export function lingerAfterAnswers(server: Server): void {
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming
    const destroySoon = socket.destroySoon
    // Where the connection ends with the answer, Node would destroy the socket right after it.
    socket.destroySoon = () => {
      if (incoming.complete || incoming.destroyed) {
        destroySoon.call(socket)
        return
      }
      socket.end()
      incoming.once('close', () => destroySoon.call(socket))
    }
    outgoing.once('close', () => {
      socket.destroySoon = destroySoon
    })
    outgoing.once('finish', () => {
      if (incoming.readableEnded || incoming.destroyed) return
      const timer = setTimeout(() => socket.destroy(), lingerMs)
      timer.unref()
      incoming.once('close', () => clearTimeout(timer))
      // A reader that stopped half-way would stop the sender.
      incoming.removeAllListeners('data')
      incoming.resume()
    })
  })
}
