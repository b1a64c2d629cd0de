import { createServer, type Server } from 'node:http'
import { Counter, collectDefaultMetrics, Registry } from 'prom-client'
import type { Log } from '../log.ts'
import { COUNTERS, type Counted, type Metrics } from '../metrics.ts'

/** Counters in the process's memory, and what Prometheus reads of them. */
export interface NodeMetrics extends Metrics {
  /** A log that counts what is written to it. */
  counting(log: Log): Log
  /**
   * Serves `GET /metrics` on a listener of its own, so that it is never where clients are; resolves
   * when it listens. Port 0 is any free one.
   */
  serve(address: { readonly hostname: string; readonly port: number }): Promise<{
    readonly port: number
    close(): void
  }>
}

/** First segments of paths; all others are one. */
const routes = new Set([
  'v2',
  'lb',
  's3',
  'files',
  'webhooks',
  'docs',
  'page',
  'openapi.json',
  'healthz',
  'readyz',
  '.well-known',
])
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Makes the counters, and those of the process itself. */
export function createNodeMetrics(): NodeMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const names = Object.keys(COUNTERS) as (keyof Counted)[]
  const counters = new Map<keyof Counted, Counter>(
    names.map((name) => {
      const { help, labels } = COUNTERS[name]
      const full = `bulkway_${name}_total`
      return [name, new Counter({ name: full, help, labelNames: labels, registers: [registry] })]
    }),
  )
  const metrics: Metrics = {
    count: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
  }

  return {
    ...metrics,
    counting(log) {
      return {
        write(level, event) {
          metrics.count('events', { event: event.event, level })
          if (event.event === 'request') metrics.count('requests', labelsOf(event))
          log.write(level, event)
        },
      }
    },
    async serve({ hostname, port }) {
      const server = createServer(async (request, response) => {
        if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
          response.writeHead(404).end()
          return
        }
        const text = await registry.metrics()
        response.writeHead(200, { 'content-type': registry.contentType }).end(text)
      })
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, hostname, resolve)
      })
      return { port: portOf(server), close: () => void server.close() }
    },
  }
}

function labelsOf(event: Readonly<Record<string, unknown>>) {
  const { route, method, status } = event
  return {
    route: routes.has(`${route}`) ? `${route}` : 'other',
    method: methods.has(`${method}`) ? `${method}` : 'other',
    status: `${status}`,
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return address === null || typeof address === 'string' ? 0 : address.port
}
