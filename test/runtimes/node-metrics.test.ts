import { afterEach, expect, test } from 'vitest'
import type { LogEvent } from '../../src/log.ts'
import { createNodeMetrics } from '../../src/runtimes/node-metrics.ts'

let close: (() => void) | undefined
afterEach(() => close?.())

async function served(metrics: ReturnType<typeof createNodeMetrics>) {
  const server = await metrics.serve({ hostname: '127.0.0.1', port: 0 })
  close = server.close
  return `http://127.0.0.1:${server.port}`
}

test('Counts are what Prometheus reads, and nothing else is served', async () => {
  const metrics = createNodeMetrics()
  metrics.count('secrets_removed', { kind: 'access secret', form: 'base64 of json' })
  metrics.count('secrets_removed', { kind: 'access secret', form: 'base64 of json' }, 41)
  const url = await served(metrics)
  const response = await fetch(`${url}/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  expect(text).toContain(
    'bulkway_secrets_removed_total{kind="access secret",form="base64 of json"} 42',
  )
  expect(text).toContain('nodejs_heap_size_total_bytes')
  for (const [path, method] of [
    ['/', 'GET'],
    ['/metrics', 'POST'],
  ]) {
    expect((await fetch(`${url}${path}`, { method: method ?? '' })).status).toBe(404)
  }
})

test('Events are counted by their names, requests without what a caller chose', async () => {
  const metrics = createNodeMetrics()
  const written: LogEvent[] = []
  const log = metrics.counting({ write: (_, event) => void written.push(event) })
  const request = { event: 'request', requestId: 'r', ms: 1, status: 200 }
  log.write('info', { ...request, method: 'GET', route: 'v2' })
  log.write('info', { ...request, method: 'BREW', route: 'secret-path-0123' })
  log.write('warn', { event: 'reference_refused', endpoint: 'demo' })
  expect(written).toHaveLength(3)
  const text = await (await fetch(`${await served(metrics)}/metrics`)).text()
  expect(text).toContain('bulkway_requests_total{route="v2",method="GET",status="200"} 1')
  expect(text).toContain('bulkway_requests_total{route="other",method="other",status="200"} 1')
  expect(text).toContain('bulkway_events_total{event="reference_refused",level="warn"} 1')
  expect(text).not.toMatch(/secret-path|BREW|demo/)
})
