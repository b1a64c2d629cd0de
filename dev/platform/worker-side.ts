import { BadBody, type Exchange, parseObject, readBody } from './exchange.ts'
import { isOver, type Job, type JsonObject, takenForm } from './job.ts'
import type { Queue } from './queue.ts'

/** Largest result in MiB; a larger one is lost. */
const runOutputMiB = 10
const runsyncOutputMiB = 20
/** Longest chunk of text; longer ones are split. */
const chunkCharacters = 1_048_576

/** What the worker side needs. */
export interface WorkerSide {
  readonly queue: Queue
  /** Milliseconds that `job-take` waits for a job. */
  readonly takeWaitMs: number
  /** Notes that a worker is alive. */
  readonly seen: (endpointId: string, workerId: string) => void
}

/** Whether the route belongs to workers. */
export function isWorkerRoute(route: string): boolean {
  return route === 'ping' || route.startsWith('job-')
}

/**
 * Answers `/v2/{endpointId}/{route}/{workerId}[/{jobId}]` as `runpod-python` 1.12 calls it: bodies
 * are JSON text that says it is a form.
 */
export async function serveWorker(
  exchange: Exchange,
  endpointId: string,
  side: WorkerSide,
): Promise<void> {
  const [, , route, workerId = '', jobId = ''] = exchange.path
  side.seen(endpointId, workerId)
  switch (route) {
    case 'ping':
      return exchange.answer(200, {})
    case 'job-take':
      return await take(exchange, endpointId, workerId, side, false)
    case 'job-take-batch':
      return await take(exchange, endpointId, workerId, side, true)
    case 'job-stop':
      return await stop(exchange, endpointId, workerId, side)
  }
  const job = side.queue.find(endpointId, jobId)
  if (job === undefined) {
    exchange.request.resume()
    return exchange.answer(404, { error: 'job not found' })
  }
  if (route === 'job-done') return await done(exchange, job, side)
  if (route === 'job-stream') return await chunk(exchange, job, side)
  exchange.answer(404, { error: 'not found' })
}

async function take(
  exchange: Exchange,
  endpointId: string,
  workerId: string,
  side: WorkerSide,
  batch: boolean,
): Promise<void> {
  const { queue, takeWaitMs } = side
  const count = batch ? Number(exchange.query.get('batch_size') ?? 1) : 1
  let jobs: Job[] = []
  const taken = () => {
    jobs = queue.take(endpointId, workerId, count)
    return jobs.length > 0
  }
  await queue.until(taken, takeWaitMs, exchange.gone)
  const [first] = jobs
  if (first === undefined) return exchange.answer(204)
  exchange.answer(200, batch ? jobs.map(takenForm) : takenForm(first))
}

// Tells a worker once which of its jobs were ended behind its back.
async function stop(
  exchange: Exchange,
  endpointId: string,
  workerId: string,
  side: WorkerSide,
): Promise<void> {
  const { queue, takeWaitMs } = side
  const ended = () =>
    queue
      .of(endpointId)
      .filter((job) => job.workerId === workerId && !stopped.has(job))
      .filter(({ status }) => status === 'CANCELLED' || status === 'TIMED_OUT')
  await queue.until(() => ended().length > 0, takeWaitMs, exchange.gone)
  const jobs = ended()
  for (const job of jobs) stopped.add(job)
  if (jobs.length === 0) return exchange.answer(204)
  exchange.answer(200, { jobsToStop: jobs.map(({ id }) => id) })
}

const stopped = new WeakSet<Job>()

async function done(exchange: Exchange, job: Job, side: WorkerSide): Promise<void> {
  let result: JsonObject
  try {
    const maxMiB = job.sync ? runsyncOutputMiB : runOutputMiB
    result = parseObject(await readBody(exchange.request, maxMiB))
  } catch (error) {
    if (!(error instanceof BadBody)) throw error
    // The worker only logs the 400, and the job counts as done: the result is lost.
    if (!isOver(job)) side.queue.finish(job, 'COMPLETED')
    return exchange.answer(400, { error: error.message })
  }
  if (isOver(job)) return exchange.answer(200, {})
  const { output, error } = result
  if (result['status'] === 'IN_PROGRESS') {
    job.output = output
    side.queue.touch()
  } else if (error !== undefined && error !== null) {
    const text = typeof error === 'string' ? error : JSON.stringify(error)
    side.queue.finish(job, 'FAILED', { output, error: text })
  } else side.queue.finish(job, 'COMPLETED', { output })
  exchange.answer(200, {})
}

async function chunk(exchange: Exchange, job: Job, side: WorkerSide): Promise<void> {
  const { output } = parseObject(await readBody(exchange.request, runsyncOutputMiB))
  if (!isOver(job)) {
    if (typeof output === 'string') {
      for (let at = 0; at === 0 || at < output.length; at += chunkCharacters) {
        job.chunks.push({ output: output.slice(at, at + chunkCharacters) })
      }
    } else job.chunks.push({ output })
    side.queue.touch()
  }
  exchange.answer(200, {})
}
