import { ConfigError } from '../config/config-error.ts'
import { reasonOf } from '../log.ts'
import { probeConditionalWrites } from '../store/conditional-writes.ts'
import { buildDeps } from './build-deps.ts'
import { createJsonLog } from './json-log.ts'
import { readNodeConfig } from './node-config.ts'
import { createNodeMetrics } from './node-metrics.ts'
import { createNodePlatform } from './node-platform.ts'
import { serveOnNode } from './node-server.ts'
import { sendWebhooksOnNode } from './node-webhooks.ts'

const config = readNodeConfig()
// Whoever reads the log may go away; the gateway stays.
process.stdout.on('error', () => {})
const metrics = createNodeMetrics()
const log = metrics.counting(
  createJsonLog(process.env['BULKWAY_LOG'], (line) => process.stdout.write(`${line}\n`)),
)
const platform = createNodePlatform(log)
const deps = buildDeps(config, platform, log, undefined, metrics)

try {
  await probeConditionalWrites(deps.stateStore)
} catch (error) {
  process.stderr.write(`The state store cannot be used: ${reasonOf(error)}\n`)
  process.exit(1)
}

try {
  await deps.issuer?.publicKeys()
} catch (error) {
  const cause = error instanceof Error ? error.cause : undefined
  process.stderr.write(`The keys of /oidc/signingKeys cannot be used: ${reasonOf(cause)}\n`)
  process.exit(1)
}

const volumeFaults = (await deps.volumeCheck?.faults()) ?? []
if (volumeFaults.length > 0) {
  process.stderr.write(`${new ConfigError(volumeFaults).message}\n`)
  process.exit(1)
}

/** Milliseconds that answers under way have after SIGTERM. */
const shutdownMs = 25_000

const hostname = process.env['HOST'] ?? '0.0.0.0'
const server = await serveOnNode(deps, { hostname, port: Number(process.env['PORT'] ?? 8787) })
const webhooks = sendWebhooksOnNode(deps)
const { METRICS_HOST = '127.0.0.1', METRICS_PORT } = process.env
if (METRICS_PORT !== undefined) {
  await metrics.serve({ hostname: METRICS_HOST, port: Number(METRICS_PORT) })
}
process.stdout.write(`ready http://${hostname}:${server.port}\n`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    webhooks.stop()
    // Answers under way go on to their end, for a while.
    await server.close(shutdownMs)
    await platform.settled()
    process.exit(0)
  })
}
