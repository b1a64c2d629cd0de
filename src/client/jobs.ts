import type { Gateway } from './gateway.ts'
import { pause } from './persist.ts'
import { readJob } from './read-wire.ts'
import type { Job, JobRequest } from './wire.ts'

export interface WaitOptions {
  readonly signal?: AbortSignal
  /** Told the job whenever its status is another one than before, the last time included. */
  readonly onStatus?: (job: Job) => void
  /** Milliseconds between two questions: the first pause, and the longest; default 250 and 5,000. */
  readonly pollMs?: readonly [first: number, longest: number]
}

const final = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'])

/** Whether nothing more will come of a job. */
export function isFinal(job: Job): boolean {
  return final.has(job.status)
}

/** What goes with a request beside its body. */
export interface SubmitOptions {
  readonly signal?: AbortSignal | undefined
  readonly session?: string | undefined
  readonly retention?: Retention | undefined
}

/** How long what belongs to a job is kept: seconds from its end, or until it is deleted. */
export type Retention = number | 'job' | 'persistent'

/**
 * Submits a job. It is sent again only where the gateway says that it has submitted nothing: a
 * connection that breaks is a `network_error`, after which the job may or may not be there.
 */
export async function submit(
  gateway: Gateway,
  endpointId: string,
  operation: 'run' | 'runsync',
  request: JobRequest,
  { signal, session, retention }: SubmitOptions,
): Promise<Job> {
  const headers = {
    ...(session === undefined ? {} : { 'bulkway-session': session }),
    ...(retention === undefined ? {} : { 'bulkway-retention': `${retention}` }),
  }
  const options = { body: request, headers, signal, again: 'refused' } as const
  return readJob(await gateway.call(endpointId, operation, options))
}

/** A job as it is now. */
export async function readStatus(
  gateway: Gateway,
  endpointId: string,
  jobId: string,
  signal: AbortSignal | undefined,
): Promise<Job> {
  const path = `status/${encodeURIComponent(jobId)}`
  return readJob(await gateway.call(endpointId, path, { method: 'GET', signal }))
}

/** Asks for a job until it is final, with pauses that grow; a job that failed is an answer too. */
export async function waitForJob(
  gateway: Gateway,
  endpointId: string,
  jobId: string,
  options: WaitOptions = {},
): Promise<Job> {
  const [first, longest] = options.pollMs ?? [250, 5_000]
  let pauseMs = first
  let status: string | undefined
  for (;;) {
    const job = await readStatus(gateway, endpointId, jobId, options.signal)
    if (job.status !== status) {
      status = job.status
      options.onStatus?.(job)
    }
    if (isFinal(job)) return job
    await pause(pauseMs, options.signal)
    pauseMs = Math.min(longest, pauseMs * 1.5)
  }
}
