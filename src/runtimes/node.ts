import type { Server } from 'node:http'
import { type HttpBindings, serve } from '@hono/node-server'
import type { Context } from 'hono'
import { createApp } from '../http/app.ts'
import { reasonOf } from '../log.ts'
import { probeConditionalWrites } from '../store/conditional-writes.ts'
import { buildDeps } from './build-deps.ts'
import { createJsonLog } from './json-log.ts'
import { createNodeBody } from './node-body.ts'
import { readNodeConfig } from './node-config.ts'
import { lingerAfterAnswers } from './node-linger.ts'
import { createNodePlatform } from './node-platform.ts'

const config = readNodeConfig()
// Whoever reads the log may go away; the gateway stays.
process.stdout.on('error', () => {})
const log = createJsonLog(process.env['BULKWAY_LOG'], (line) => process.stdout.write(`${line}\n`))
const platform = createNodePlatform(log)
const deps = buildDeps(config, platform, log)

try {
  await probeConditionalWrites(deps.stateStore)
} catch (error) {
  process.stderr.write(`The state store cannot be used: ${reasonOf(error)}\n`)
  process.exit(1)
}

const app = createApp(deps, {
  bodyOf(context) {
    const { incoming } = context.env as HttpBindings
    const { headers } = incoming
    const empty =
      headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0'
    if (empty) return undefined
    // The socket carries the answer too: what is not read is dropped after it.
    return createNodeBody(incoming, config.limits.idleTimeoutMs, () => {})
  },
  targetOf: (context: Context) => (context.env as HttpBindings).incoming.url ?? '/',
})

/** Milliseconds that answers under way have after SIGTERM. */
const shutdownMs = 25_000

const hostname = process.env['HOST'] ?? '0.0.0.0'
const port = Number(process.env['PORT'] ?? 8787)
const server = serve(
  {
    fetch: app.fetch,
    hostname,
    port,
    autoCleanupIncoming: false,
    // Large bodies take as long as they take: only idle connections are given up.
    serverOptions: { requestTimeout: 0, headersTimeout: 60_000 },
  },
  (address) => process.stdout.write(`ready http://${hostname}:${address.port}\n`),
)

lingerAfterAnswers(server as Server)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    const finish = () => platform.settled().then(() => process.exit(0))
    // Answers under way go on to their end, for a while.
    server.close(finish)
    if ('closeIdleConnections' in server) server.closeIdleConnections()
    setTimeout(finish, shutdownMs).unref()
  })
}
