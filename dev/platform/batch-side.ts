/**
 * Batches of the emulated platform: `/v2/{endpointId}/batch…`. A request becomes a job with its batch's
 * finalize and is then like any other, its webhook too. Not documented, and so its own: what an append
 * answers, that a webhook is sent for each request, the words of errors. Gaps: limits in numbers,
 * dedicated workers.
 */
import { randomUUID } from 'node:crypto'
import type { ClientSide } from './client-side.ts'
import { BadBody, type Exchange, parseObject, readBody, skipBody } from './exchange.ts'
import { asObject, createJob, isOver, type Job, type JsonObject, statusOf } from './job.ts'
import type { Queue } from './queue.ts'

/** Longest body in MiB. */
const bodyMiB = 10

interface Batch {
  readonly id: string
  readonly endpointId: string
  readonly createdAt: number
  name: string | undefined
  status: 'DRAFT' | 'FINALIZED' | 'CANCELLED'
  jobs: Job[]
}

const batchesOf = new WeakMap<Queue, Map<string, Batch>>()

/** Answers `/v2/{endpointId}/batch[/{batchId}[/requests[/{requestId}]|/finalize|/cancel]]`. */
export async function serveBatch(
  exchange: Exchange,
  endpointId: string,
  side: ClientSide,
): Promise<void> {
  const [, , , batchId, part, requestId] = exchange.path
  const { method } = exchange
  const batches = batchesOf.get(side.queue) ?? new Map<string, Batch>()
  batchesOf.set(side.queue, batches)
  if (batchId === undefined && method === 'POST') {
    const items: unknown = parseJson(await readBody(exchange.request, bodyMiB))
    if (!Array.isArray(items)) throw new BadBody('bad request: body: not an array')
    const now = side.now()
    const id = `batch_${randomUUID().replaceAll('-', '').slice(0, 12)}`
    const batch: Batch = {
      id,
      endpointId,
      createdAt: now,
      name: undefined,
      status: 'DRAFT',
      jobs: [],
    }
    batch.jobs = items.map((item) => jobOf(item, endpointId, now))
    batches.set(id, batch)
    return exchange.answer(200, { id, status: batch.status })
  }
  if (batchId === undefined) {
    const own = [...batches.values()].filter((batch) => batch.endpointId === endpointId)
    return exchange.answer(200, { batches: own.reverse().map(summaryOf) })
  }
  const batch = batches.get(batchId)
  if (batch === undefined || batch.endpointId !== endpointId) {
    await skipBody(exchange.request)
    return exchange.answer(404, { error: 'batch not found' })
  }
  const operation = `${method} ${part ?? ''}${requestId === undefined ? '' : '/{id}'}`
  if (operation === 'GET requests') return exchange.answer(200, pageOf(batch, exchange, side))
  const body = method === 'GET' ? '' : await readBody(exchange.request, bodyMiB)
  if (operation !== 'GET ' && operation !== 'PUT ' && operation !== 'POST cancel') {
    if (batch.status !== 'DRAFT') return exchange.answer(400, { error: 'batch is not a draft' })
  }
  if (operation === 'PUT ') batch.name = String(parseObject(body)['name'] ?? '')
  else if (operation === 'POST requests') {
    const { requests } = parseObject(body)
    if (!Array.isArray(requests)) throw new BadBody('bad request: body: missing requests')
    batch.jobs.push(...requests.map((item) => jobOf(item, endpointId, side.now())))
  } else if (operation === 'DELETE requests/{id}') {
    batch.jobs = batch.jobs.filter(({ id }) => id !== requestId)
  } else if (operation === 'POST finalize') {
    batch.status = 'FINALIZED'
    for (const job of batch.jobs) side.queue.add(job)
  } else if (operation === 'POST cancel') {
    batch.status = 'CANCELLED'
    for (const job of batch.jobs) if (!isOver(job)) side.queue.finish(job, 'CANCELLED')
  } else if (operation !== 'GET ') return exchange.answer(405, { error: 'method not allowed' })
  exchange.answer(200, summaryOf(batch))
}

function jobOf(item: unknown, endpointId: string, now: number): Job {
  const body = asObject(item)
  if (body?.['input'] === undefined) throw new BadBody('bad request: body: missing input')
  const job = createJob(endpointId, JSON.stringify(item), body, { sync: false, now })
  return Object.assign(job, { id: `req_${job.id}` })
}

function summaryOf({ id, endpointId, name, status, createdAt, jobs }: Batch): JsonObject {
  const count = (...statuses: string[]) =>
    jobs.filter((job) => statuses.includes(job.status)).length
  return {
    id,
    endpointId,
    ...(name !== undefined && { name }),
    status,
    requestTotal: jobs.length,
    requestInProgress: count('IN_PROGRESS'),
    requestCompleted: count('COMPLETED'),
    requestFailed: count('FAILED', 'TIMED_OUT'),
    createdAt,
  }
}

// Whether the platform shows a request's input is not documented: this one does, to be on the safe side.
function pageOf({ jobs }: Batch, { query }: Exchange, side: ClientSide): JsonObject {
  const offset = Number(query.get('offset') ?? 0)
  const limit = Number(query.get('limit') ?? 50)
  const requests = jobs.slice(offset, offset + limit).map((job) => ({
    ...statusOf(job, side.now()),
    input: job.input,
  }))
  return { requests, total: jobs.length, offset, limit, hasMore: offset + limit < jobs.length }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BadBody(`bad request: body: ${error instanceof Error ? error.message : error}`)
  }
}
