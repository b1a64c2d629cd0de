import { createServer, type IncomingMessage } from 'node:http'
import { listen, takeCommands } from '../subjects/control.ts'
import { forward } from './staging.ts'

/** Serves a peer that reads the body as a stream and resolves to the rewritten JSON. */
export async function servePeer(
  rewrite: (body: IncomingMessage) => Promise<string>,
): Promise<void> {
  const server = createServer(async (incoming, outgoing) => {
    try {
      const answer = await forward(incoming.url ?? '/', await rewrite(incoming))
      outgoing.writeHead(answer.status, { 'content-type': 'application/json' })
      outgoing.end(await answer.text())
    } catch (error) {
      outgoing.writeHead(500).end(error instanceof Error ? error.message : String(error))
      // Its sender learns why from the answer, and not from a reset connection.
      incoming.resume()
    }
  })
  server.requestTimeout = 0
  await takeCommands({}, await listen(server))
}
