import { serveBatch } from './batch-side.ts'
import { type Exchange, parseObject, readBody, skipBody } from './exchange.ts'
import { createJob, isOver, type Job, statusOf } from './job.ts'
import type { Queue } from './queue.ts'

/** Longest body in MiB. */
const runMiB = 10
const runsyncMiB = 20
/** Milliseconds that `stream` waits for a chunk when the caller does not say. */
const streamWaitMs = 5_000

/** What the client side needs. */
export interface ClientSide {
  readonly queue: Queue
  readonly now: () => number
  /** Worker ids seen lately at an endpoint. */
  readonly workers: (endpointId: string) => readonly string[]
}

/** The methods of each route; SDKs use both where there are two. */
const routes: Readonly<Record<string, readonly string[]>> = {
  run: ['POST'],
  runsync: ['POST'],
  status: ['GET', 'POST'],
  'status-sync': ['GET', 'POST'],
  stream: ['GET', 'POST'],
  cancel: ['POST'],
  retry: ['POST'],
  'purge-queue': ['POST'],
  health: ['GET'],
  requests: ['GET'],
}

/** Answers `/v2/{endpointId}/{route}[/{jobId}]`. */
export async function serveClient(
  exchange: Exchange,
  endpointId: string,
  side: ClientSide,
): Promise<void> {
  const [, , route = '', jobId] = exchange.path
  if (route === 'batch') return await serveBatch(exchange, endpointId, side)
  const methods = Object.hasOwn(routes, route) ? routes[route] : undefined
  if (methods === undefined) {
    await skipBody(exchange.request)
    return exchange.answer(404, { error: 'not found' })
  }
  if (!methods.includes(exchange.method)) {
    return exchange.answer(405, { error: 'method not allowed' })
  }
  if (route === 'run' || route === 'runsync') return await submit(exchange, endpointId, side)
  if (route === 'purge-queue') {
    return exchange.answer(200, { removed: side.queue.purge(endpointId), status: 'completed' })
  }
  if (route === 'health') return exchange.answer(200, health(endpointId, side))
  if (route === 'requests') return exchange.answer(200, listing(endpointId, side))

  const job = jobId === undefined ? undefined : side.queue.find(endpointId, jobId)
  if (job === undefined) return exchange.answer(404, { error: 'job not found' })
  if (route === 'status') return exchange.answer(200, statusOf(job, side.now()))
  if (route === 'status-sync') return await answerWhenOver(exchange, job, side)
  if (route === 'stream') return await drain(exchange, job, side)
  if (route === 'cancel') return cancel(exchange, job, side)
  return retry(exchange, job, side)
}

async function submit(exchange: Exchange, endpointId: string, side: ClientSide): Promise<void> {
  const sync = exchange.path[2] === 'runsync'
  const received = await readBody(exchange.request, sync ? runsyncMiB : runMiB)
  const body = parseObject(received)
  if (body['input'] === undefined || body['input'] === null) {
    return exchange.answer(400, { error: 'bad request: body: missing input' })
  }
  const job = createJob(endpointId, received, body, { sync, now: side.now() })
  side.queue.add(job)
  // A worker may have it already; the platform says this all the same.
  if (!sync) return exchange.answer(200, { id: job.id, status: 'IN_QUEUE' })
  await answerWhenOver(exchange, job, side)
}

async function answerWhenOver(exchange: Exchange, job: Job, side: ClientSide): Promise<void> {
  await side.queue.until(() => isOver(job), waitOf(exchange, 90_000), exchange.gone)
  exchange.answer(200, statusOf(job, side.now()))
}

// Each call hands its chunks over for good: a second reader finds nothing.
async function drain(exchange: Exchange, job: Job, side: ClientSide): Promise<void> {
  const ready = () => job.chunks.length > 0 || isOver(job)
  await side.queue.until(ready, waitOf(exchange, streamWaitMs), exchange.gone)
  if (exchange.gone.aborted) return
  const stream = job.chunks
  job.chunks = []
  exchange.answer(200, { status: job.status, stream })
}

function cancel(exchange: Exchange, job: Job, side: ClientSide): void {
  if (!isOver(job)) side.queue.finish(job, 'CANCELLED')
  exchange.answer(200, statusOf(job, side.now()))
}

function retry(exchange: Exchange, job: Job, side: ClientSide): void {
  if (job.status === 'FAILED' || job.status === 'TIMED_OUT') {
    side.queue.retry(job)
    exchange.answer(200, { id: job.id, status: 'IN_QUEUE' })
  } else exchange.answer(400, { error: `bad request: cannot retry a ${job.status} job` })
}

function health(endpointId: string, side: ClientSide): unknown {
  const jobs = side.queue.of(endpointId)
  const count = (...statuses: string[]) =>
    jobs.filter(({ status }) => statuses.includes(status)).length
  const workers = side.workers(endpointId)
  const busy = new Set(
    jobs.filter(({ status }) => status === 'IN_PROGRESS').map(({ workerId }) => workerId),
  )
  const running = workers.filter((workerId) => busy.has(workerId)).length
  const idle = workers.length - running
  return {
    jobs: {
      completed: count('COMPLETED'),
      failed: count('FAILED', 'TIMED_OUT'),
      inProgress: count('IN_PROGRESS'),
      inQueue: count('IN_QUEUE'),
      retried: jobs.filter(({ retries }) => retries > 0).length,
    },
    workers: { idle, initializing: 0, ready: idle, running, throttled: 0, unhealthy: 0 },
  }
}

// The platform's listing is not documented; the emulator shows all that it might hold.
function listing(endpointId: string, side: ClientSide): unknown {
  const requests = side.queue.of(endpointId).map((job) => ({
    ...statusOf(job, side.now()),
    input: job.input,
    ...(job.webhook !== undefined && { webhook: job.webhook }),
  }))
  return { requests }
}

function waitOf(exchange: Exchange, fallback: number): number {
  const wait = Number(exchange.query.get('wait') ?? fallback)
  return Number.isFinite(wait) ? Math.min(300_000, Math.max(1_000, wait)) : fallback
}
