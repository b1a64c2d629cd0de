import { randomUUID } from 'node:crypto'

/** Statuses as the platform names them. */
export type JobStatus =
  | 'IN_QUEUE'
  | 'IN_PROGRESS'
  | 'COMPLETED'
  | 'FAILED'
  | 'CANCELLED'
  | 'TIMED_OUT'

/** A JSON object of unknown members. */
export type JsonObject = Readonly<Record<string, unknown>>

/** One job as the platform stores it. */
export interface Job {
  readonly id: string
  readonly endpointId: string
  /** Submitted by `runsync`: larger limits, shorter retention. */
  readonly sync: boolean
  /** The body as it was received, byte for byte. */
  readonly received: string
  readonly input: unknown
  readonly webhook: string | undefined
  readonly s3Config: unknown
  readonly policy: JsonObject | undefined
  readonly createdAt: number
  status: JobStatus
  startedAt: number | undefined
  finishedAt: number | undefined
  workerId: string | undefined
  output: unknown
  error: string | undefined
  /** Chunks that nobody has read yet. */
  chunks: { readonly output: unknown }[]
  retries: number
}

const defaultTtlMs = 86_400_000
const defaultExecutionTimeoutMs = 600_000

/** The value as a JSON object, or undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { ...value }
    : undefined
}

/** Makes a queued job of a received body; members that the platform does not know are discarded. */
export function createJob(
  endpointId: string,
  received: string,
  body: JsonObject,
  options: { readonly sync: boolean; readonly now: number },
): Job {
  const { webhook } = body
  return {
    id: `${options.sync ? 'sync-' : ''}${randomUUID()}-u1`,
    endpointId,
    sync: options.sync,
    received,
    input: body['input'],
    webhook: typeof webhook === 'string' && webhook !== '' ? webhook : undefined,
    s3Config: body['s3Config'],
    policy: asObject(body['policy']),
    createdAt: options.now,
    status: 'IN_QUEUE',
    startedAt: undefined,
    finishedAt: undefined,
    workerId: undefined,
    output: undefined,
    error: undefined,
    chunks: [],
    retries: 0,
  }
}

/** Whether the job will not change any more (but for a retry). */
export function isOver(job: Job): boolean {
  return job.status !== 'IN_QUEUE' && job.status !== 'IN_PROGRESS'
}

/** Milliseconds after its submission at which the platform forgets the job, even a running one. */
export function ttlOf(job: Job): number {
  return numberOf(job.policy?.['ttl']) ?? defaultTtlMs
}

/** Milliseconds that the job may run. */
export function executionTimeoutOf(job: Job): number {
  return numberOf(job.policy?.['executionTimeout']) ?? defaultExecutionTimeoutMs
}

/** What `status` and its kin answer: never `s3Config`, `input` or `webhook`. */
export function statusOf(job: Job, now: number): JsonObject {
  const { id, status, startedAt, finishedAt, workerId, output, error, retries } = job
  const started = startedAt ?? finishedAt
  return {
    ...(started === undefined ? {} : { delayTime: started - job.createdAt }),
    ...(isOver(job) && { executionTime: (finishedAt ?? now) - (startedAt ?? finishedAt ?? now) }),
    id,
    ...(error !== undefined && { error }),
    ...(output !== undefined && { output }),
    ...(retries > 0 && { retries }),
    status,
    ...(workerId !== undefined && { workerId }),
  }
}

/** What a worker takes: an empty `input` object is stripped, as the platform does. */
export function takenForm(job: Job): JsonObject {
  const { id, input, webhook, s3Config, policy } = job
  const empty = asObject(input) !== undefined && Object.keys(asObject(input) ?? {}).length === 0
  return {
    id,
    ...(!empty && { input }),
    ...(webhook !== undefined && { webhook }),
    ...(s3Config !== undefined && { s3Config }),
    ...(policy !== undefined && { policy }),
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}
