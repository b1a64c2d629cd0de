import type { IncomingMessage, Server } from 'node:http'
import { type HttpBindings, serve } from '@hono/node-server'
import type { Context } from 'hono'
import type { Deps } from '../flows/deps.ts'
import { createApp } from '../http/app.ts'
import { answerOnNode, onItsWay } from './node-answer.ts'
import { createNodeBody } from './node-body.ts'
import { lingerAfterAnswers } from './node-linger.ts'
import { createNodeWebSockets } from './node-websocket.ts'

/** A gateway that listens. */
export interface NodeServer {
  readonly port: number
  /** Takes no new connection; resolves when answers under way are given, after `graceMs` at most. */
  close(graceMs: number): Promise<void>
}

/** Serves the gateway over HTTP; resolves when it listens. Port 0 is any free one. */
export async function serveOnNode(
  deps: Deps,
  address: { readonly hostname: string; readonly port: number },
): Promise<NodeServer> {
  const webSockets = createNodeWebSockets()
  const app = createApp(deps, {
    bodyOf(context) {
      const { incoming } = context.env as HttpBindings
      const { headers } = incoming
      const empty =
        headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0'
      if (empty) return undefined
      // The socket carries the answer too: what is not read is dropped after it.
      return createNodeBody(incoming, deps.config.limits.idleTimeoutMs, () => {})
    },
    targetOf: (context: Context) => (context.env as HttpBindings).incoming.url ?? '/',
    isGone: (context) => (context.env as HttpBindings).outgoing.destroyed,
    stream(context, reply) {
      const { outgoing } = context.env as HttpBindings
      const { idleTimeoutMs } = deps.config.limits
      deps.platform.waitUntil(answerOnNode(outgoing, reply, idleTimeoutMs))
      return onItsWay
    },
    upgrade: (context, request) =>
      webSockets.upgrade((context.env as HttpBindings).incoming, request),
    join(context, reply) {
      const { incoming, outgoing } = context.env as HttpBindings
      webSockets.join(incoming, outgoing, reply)
      return onItsWay
    },
  })

  const { promise: port, resolve } = Promise.withResolvers<number>()
  const server = serve(
    {
      fetch: app.fetch,
      ...address,
      autoCleanupIncoming: false,
      // Large bodies take as long as they take: only idle connections are given up.
      serverOptions: {
        requestTimeout: 0,
        headersTimeout: 60_000,
        shouldUpgradeCallback: (incoming: IncomingMessage) => webSockets.isWanted(incoming),
      },
    },
    (listening) => resolve(listening.port),
  ) as Server
  lingerAfterAnswers(server)
  webSockets.listen(server)

  return {
    port: await port,
    close: (graceMs) =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeIdleConnections()
        setTimeout(() => {
          // A reader that has stalled would keep the process for ever.
          server.closeAllConnections()
          webSockets.closeAll()
          closed()
        }, graceMs).unref()
      }),
  }
}
