import type { JsonObject } from '../platform/job.ts'

/** A job as a worker takes it. */
export interface TakenJob extends JsonObject {
  readonly id: string
  readonly input?: unknown
  readonly s3Config?: unknown
  readonly webhook?: unknown
}

/** What a handler may do beside returning. */
export interface JobScope {
  /** Sends one chunk of a stream. */
  chunk(output: unknown): Promise<void>
  /** Aborted when the platform has ended the job. */
  readonly signal: AbortSignal
  readonly workerId: string
}

/** What becomes of a job: `{output}`, `{error}` or both, as `runpod-python` posts it. */
export type JobResult = { readonly output?: unknown; readonly error?: string }

/** Runs one job; what it throws is its caller's fault, not the worker's. */
export type Handler = (job: TakenJob, scope: JobScope) => Promise<JobResult>

const jobsAtOnce = 4
const postTries = 3

/** Takes jobs of an endpoint from the worker side of a platform until it is stopped. */
export function runWorker(options: {
  /** `http://host:port` of the platform. */
  readonly platformUrl: string
  readonly endpointId: string
  readonly workerId: string
  readonly handler: Handler
}): { stop(): Promise<void> } {
  const { endpointId, workerId, handler } = options
  const base = `${options.platformUrl}/v2/${endpointId}`
  const stopping = new AbortController()
  const running = new Map<string, AbortController>()

  // JSON text that says it is a form, as runpod-python sends it.
  async function post(path: string, body: JsonObject): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(`${base}/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: JSON.stringify(body),
          signal: stopping.signal,
        })
        await response.body?.cancel()
        // A refused result is lost, as with the genuine worker.
        if (response.status < 500 || attempt === postTries) return
      } catch (error) {
        if (stopping.signal.aborted || attempt === postTries) throw error
      }
    }
  }

  async function work(job: TakenJob): Promise<void> {
    const ended = new AbortController()
    running.set(job.id, ended)
    let streamed = false
    try {
      const result = await handler(job, {
        workerId,
        signal: AbortSignal.any([ended.signal, stopping.signal]),
        async chunk(output) {
          streamed = true
          await post(`job-stream/${workerId}/${job.id}?gpu=cpu&isStream=false`, { output })
        },
      })
      if (ended.signal.aborted) return
      await post(`job-done/${workerId}/${job.id}?gpu=cpu&isStream=${streamed}`, result)
    } catch {
      // Only when the platform is gone or stopping: there is nobody to tell.
    } finally {
      running.delete(job.id)
    }
  }

  async function poll(path: string): Promise<JsonObject | undefined> {
    try {
      const response = await fetch(`${base}/${path}`, { signal: stopping.signal })
      if (response.status === 200) return JSON.parse(await response.text())
      await response.body?.cancel()
      if (response.status !== 204) await pause(1_000, stopping.signal)
    } catch {
      await pause(1_000, stopping.signal)
    }
    return undefined
  }

  async function takeJobs(): Promise<void> {
    while (!stopping.signal.aborted) {
      const busy = running.size > 0 ? 1 : 0
      const job = await poll(`job-take/${workerId}?gpu=cpu&job_in_progress=${busy}`)
      if (typeof job?.['id'] === 'string') await work({ ...job, id: job['id'] })
    }
  }

  async function watchStops(): Promise<void> {
    while (!stopping.signal.aborted) {
      const answer = await poll(`job-stop/${workerId}?gpu=cpu`)
      const ids: unknown = answer?.['jobsToStop']
      if (Array.isArray(ids)) for (const id of ids) running.get(`${id}`)?.abort()
    }
  }

  const loops = [watchStops(), ...Array.from({ length: jobsAtOnce }, takeJobs)]
  return {
    async stop() {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
