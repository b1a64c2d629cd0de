import { EventEmitter } from 'node:events'
import { executionTimeoutOf, isOver, type Job, type JobStatus, ttlOf } from './job.ts'

/** How long results are kept, in milliseconds. */
export interface Retention {
  readonly runMs: number
  readonly runsyncMs: number
}

/** All jobs of all endpoints, and who waits for them. */
export interface Queue {
  add(job: Job): void
  /** The job while the platform remembers it. */
  find(endpointId: string, jobId: string): Job | undefined
  /** The job of any endpoint, forgotten ones too. */
  recall(jobId: string): Job | undefined
  /** Jobs of an endpoint that the platform remembers, oldest first. */
  of(endpointId: string): Job[]
  /** Every job ever submitted to an endpoint, oldest first. */
  submitted(endpointId: string): Job[]
  /** Gives at most `count` queued jobs to a worker. */
  take(endpointId: string, workerId: string, count: number): Job[]
  finish(job: Job, status: JobStatus, result?: { output?: unknown; error?: string }): void
  retry(job: Job): void
  /** Forgets a job at once, as when its retention is over; false when there is none. */
  forget(jobId: string): boolean
  /** Removes queued jobs; how many there were. */
  purge(endpointId: string): number
  /** Tells those who wait that a job has changed. */
  touch(): void
  /** Resolves with true once `done` holds, with false after `ms` or when `signal` says so. */
  until(done: () => boolean, ms: number, signal: AbortSignal): Promise<boolean>
  close(): void
}

/** Jobs remembered for `recall` and `submitted`, forgotten ones included. */
const archiveLimit = 100

/** Makes an empty queue; `onFinish` is called once whenever a job ends. */
export function createQueue(options: {
  readonly retention: Retention
  readonly now: () => number
  readonly onFinish: (job: Job) => void
}): Queue {
  const { retention, now, onFinish } = options
  const jobs = new Map<string, Job>()
  const archive: Job[] = []
  const changes = new EventEmitter().setMaxListeners(0)
  const touch = () => changes.emit('change')

  function finish(job: Job, status: JobStatus, result: { output?: unknown; error?: string } = {}) {
    job.status = status
    job.finishedAt = now()
    job.output = result.output
    job.error = result.error
    onFinish(job)
    touch()
  }

  function settle(): void {
    const time = now()
    for (const job of jobs.values()) {
      const kept = job.sync ? retention.runsyncMs : retention.runMs
      const over = job.finishedAt !== undefined && time >= job.finishedAt + kept
      if (over || (!isOver(job) && time >= job.createdAt + ttlOf(job))) {
        jobs.delete(job.id)
        touch()
        continue
      }
      const { startedAt, status } = job
      if (status !== 'IN_PROGRESS' || startedAt === undefined) continue
      if (time >= startedAt + executionTimeoutOf(job)) {
        finish(job, 'TIMED_OUT', { error: 'job timed out' })
      }
    }
  }

  // Webhooks of timed-out jobs must leave although nobody asks.
  const timer = setInterval(settle, 250).unref()

  function of(endpointId: string): Job[] {
    settle()
    return [...jobs.values()].filter((job) => job.endpointId === endpointId)
  }

  return {
    add(job) {
      jobs.set(job.id, job)
      archive.push(job)
      if (archive.length > archiveLimit) archive.shift()
      touch()
    },
    find(endpointId, jobId) {
      settle()
      const job = jobs.get(jobId)
      return job?.endpointId === endpointId ? job : undefined
    },
    recall: (jobId) => jobs.get(jobId) ?? archive.find(({ id }) => id === jobId),
    of,
    submitted: (endpointId) => archive.filter((job) => job.endpointId === endpointId),
    take(endpointId, workerId, count) {
      const taken = of(endpointId)
        .filter(({ status }) => status === 'IN_QUEUE')
        .slice(0, count)
      for (const job of taken) {
        job.status = 'IN_PROGRESS'
        job.startedAt = now()
        job.workerId = workerId
      }
      if (taken.length > 0) touch()
      return taken
    },
    finish,
    retry(job) {
      job.status = 'IN_QUEUE'
      job.startedAt = undefined
      job.finishedAt = undefined
      job.workerId = undefined
      job.output = undefined
      job.error = undefined
      job.chunks = []
      job.retries += 1
      touch()
    },
    forget(jobId) {
      const known = jobs.delete(jobId)
      touch()
      return known
    },
    purge(endpointId) {
      const queued = of(endpointId).filter(({ status }) => status === 'IN_QUEUE')
      for (const job of queued) jobs.delete(job.id)
      touch()
      return queued.length
    },
    touch,
    until(done, ms, signal) {
      return new Promise((resolve) => {
        const end = (met: boolean) => {
          clearTimeout(timeout)
          changes.off('change', check)
          signal.removeEventListener('abort', leave)
          resolve(met)
        }
        // `done` may change jobs itself, and so be asked again before it has answered.
        let asking = false
        const check = () => {
          if (asking || signal.aborted) return
          asking = true
          const met = done()
          asking = false
          if (met) end(true)
        }
        const leave = () => end(false)
        const timeout = setTimeout(leave, ms)
        changes.on('change', check)
        signal.addEventListener('abort', leave)
        if (signal.aborted) leave()
        else check()
      })
    },
    close() {
      clearInterval(timer)
      jobs.clear()
      touch()
    },
  }
}
