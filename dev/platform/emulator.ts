/**
 * An emulator of the RunPod serverless platform, client side and worker side, for development and
 * tests. It follows api.runpod.ai/v2 and runpod-python 1.12. Gaps: rate limits, scaling,
 * metrics of stream chunks; the words of 401 and 404 are its own.
 */
import { createServer } from 'node:http'
import { serveClient } from './client-side.ts'
import { BadBody, createExchange, type Exchange } from './exchange.ts'
import { fail, type NextFault, readFault } from './fault.ts'
import { type Job, statusOf } from './job.ts'
import { serveOpenai } from './openai-side.ts'
import { createQueue, type Retention } from './queue.ts'
import { deliverWebhook, type WebhookTry } from './webhook.ts'
import { isWorkerRoute, serveWorker } from './worker-side.ts'

/** Milliseconds for which a connection that nobody uses is kept. */
const keptOpenMs = 600_000

/** Settings of the emulator. */
export interface PlatformOptions {
  /** 0 picks a free one. */
  readonly port: number
  readonly hostname?: string
  /** Accepted keys; absent: every key that does not begin with `bad`. */
  readonly apiKeys?: readonly string[]
  /** Default 30 minutes for `run`, one minute for `runsync`. */
  readonly retention?: Retention
  /** Between two tries of a webhook; default 10 s. */
  readonly webhookDelayMs?: number
  /** Longest time that a worker waits at `job-take`; default 3 s. */
  readonly takeWaitMs?: number
  /** Endpoint ids that do not exist; default `missing`. */
  readonly unknownEndpoints?: readonly string[]
  readonly now?: () => number
}

/** A running emulator. */
export interface EmulatedPlatform {
  /** `http://127.0.0.1:{port}`; clients use `{url}/v2`. */
  readonly url: string
  /** The latest jobs of an endpoint as they were submitted, oldest first. */
  submitted(endpointId: string): readonly Job[]
  /** Every try to deliver a webhook, oldest first. */
  readonly webhookTries: readonly WebhookTry[]
  /** Lets the next call of a route fail. */
  failNext(fault: NextFault): void
  /** Forgets a job at once, as when its retention is over; false when there is none. */
  forget(jobId: string): boolean
  close(): Promise<void>
}

/** Workers that have not called for this long are gone. */
const workerGoneMs = 30_000

/** Starts the emulator. */
export async function createPlatform(options: PlatformOptions): Promise<EmulatedPlatform> {
  const {
    port,
    hostname = '127.0.0.1',
    apiKeys,
    retention = { runMs: 1_800_000, runsyncMs: 60_000 },
    webhookDelayMs = 10_000,
    takeWaitMs = 3_000,
    unknownEndpoints = ['missing'],
    now = Date.now,
  } = options
  const closed = new AbortController()
  const webhookTries: WebhookTry[] = []
  const faults: NextFault[] = []
  const workersSeen = new Map<string, number>()

  const queue = createQueue({
    retention,
    now,
    onFinish(job) {
      // A cancelled job has no webhook: its caller knows.
      if (job.status === 'CANCELLED') return
      void deliverWebhook(job, {
        delayMs: webhookDelayMs,
        now: now(),
        signal: closed.signal,
        onTry: (attempt) => webhookTries.push(attempt),
      })
    },
  })

  function workers(endpointId: string): string[] {
    const prefix = `${endpointId}/`
    return [...workersSeen]
      .filter(([name, at]) => name.startsWith(prefix) && now() - at < workerGoneMs)
      .map(([name]) => name.slice(prefix.length))
  }

  function accepts(header: string | undefined): boolean {
    const key = header?.replace(/^bearer\s+/i, '').trim() ?? ''
    if (key === '') return false
    return apiKeys === undefined ? !key.startsWith('bad') : apiKeys.includes(key)
  }

  async function serve(exchange: Exchange): Promise<void> {
    const [root, endpointId, route = ''] = exchange.path
    if (root === '_emulator') return await inspect(exchange)
    if (root !== 'v2' || endpointId === undefined) {
      return exchange.answer(404, { error: 'not found' })
    }
    if (isWorkerRoute(route)) {
      const seen = (id: string, workerId: string) => workersSeen.set(`${id}/${workerId}`, now())
      return await serveWorker(exchange, endpointId, { queue, takeWaitMs, seen })
    }
    const at = faults.findIndex(({ path }) => path === route)
    const [fault] = at < 0 ? [] : faults.splice(at, 1)
    if (fault !== undefined && (await fail(exchange, fault))) return
    // The connection breaks where the answer would have left.
    const outcome: Exchange =
      fault === undefined ? exchange : { ...exchange, answer: exchange.drop }
    if (!accepts(exchange.request.headers.authorization)) {
      return outcome.answer(401, { error: 'unauthorized' })
    }
    if (unknownEndpoints.includes(endpointId)) {
      return outcome.answer(404, { error: 'endpoint not found' })
    }
    if (route === 'openai') return await serveOpenai(outcome)
    await serveClient(outcome, endpointId, { queue, now, workers })
  }

  // For tests in other processes; the emulator listens on loopback only.
  async function inspect(exchange: Exchange): Promise<void> {
    const [, what, id = ''] = exchange.path
    if (what === 'next' && exchange.method === 'POST') {
      const fault = await readFault(exchange)
      if (fault === undefined) return exchange.answer(400, { error: 'path, and status or drop' })
      faults.push(fault)
      return exchange.answer(200, {})
    }
    if (what === 'forget' && exchange.method === 'POST') {
      return exchange.answer(queue.forget(id) ? 200 : 404, {})
    }
    if (what === 'jobs') {
      const job = queue.recall(id)
      if (job === undefined) return exchange.answer(404, { error: 'no such job' })
      return exchange.answer(200, { ...statusOf(job, now()), ...job })
    }
    if (what === 'submitted') return exchange.answer(200, queue.submitted(id))
    if (what === 'webhook-tries') return exchange.answer(200, webhookTries)
    exchange.answer(404, { error: 'not found' })
  }

  const server = createServer((request, response) => {
    const exchange = createExchange(request, response)
    request.on('error', () => {})
    serve(exchange).catch((error: unknown) => {
      if (error instanceof BadBody) return exchange.answer(400, { error: error.message })
      if (exchange.gone.aborted) return
      exchange.answer(500, { error: error instanceof Error ? error.message : 'failed' })
    })
  })
  // A worker that computes sees no connection close, and sends its result over one that it kept:
  // with Node's five seconds the result would be lost, which the platform's edge does not do to it.
  server.keepAliveTimeout = keptOpenMs
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, resolve)
  })
  const address = server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port

  return {
    url: `http://${hostname}:${actual}`,
    submitted: (endpointId) => queue.submitted(endpointId),
    webhookTries,
    failNext: (fault) => faults.push(fault),
    forget: (jobId) => queue.forget(jobId),
    close() {
      closed.abort()
      queue.close()
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}
