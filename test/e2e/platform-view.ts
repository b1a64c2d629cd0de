import { type Answer, createCaller, json } from './call.ts'

/** A job as the worker receives it from the platform. */
export interface TakenJob {
  readonly id: string
  readonly input: Readonly<Record<string, unknown>>
  readonly s3Config?: S3Config
  readonly webhook?: string
  readonly [field: string]: unknown
}

/** The four documented fields. */
export interface S3Config {
  readonly accessId: string
  readonly accessSecret: string
  readonly bucketName: string
  readonly endpointUrl: string
}

/** The platform's own side: what it holds of a job, and a worker that the test plays itself. */
export interface PlatformView {
  /** Everything the platform holds of a job, secrets and all. */
  job(jobId: string): Promise<TakenJob>
  /** Takes the next queued job of an endpoint, as a worker does. */
  take(endpointId: string): Promise<TakenJob>
  /** Empties the queue, so that the next job to be taken is the next to be submitted. */
  purge(endpointId: string): Promise<void>
  /** Sends one chunk of a generator handler's output. */
  chunk(endpointId: string, jobId: string, output: unknown): Promise<void>
  /** Has the platform forget a job, as when its retention is over. */
  forget(jobId: string): Promise<void>
  /** Ends a job with what a handler returned: `{output}` or `{error}`. */
  finish(endpointId: string, jobId: string, result: Record<string, unknown>): Promise<void>
}

const worker = 'w-test'

/** Talks to the emulator directly, not through the gateway. */
export function createPlatformView(url: string): PlatformView {
  const { call } = createCaller(url, { quiet: true })

  async function good(answer: Promise<Answer>): Promise<Answer> {
    const { status, text, path } = await answer
    if (status !== 200) throw new Error(`The emulator answered ${status} at ${path}: ${text}`)
    return await answer
  }

  async function post(path: string, body: unknown): Promise<void> {
    await good(call('POST', path, { body: JSON.stringify(body) }))
  }

  return {
    async job(jobId) {
      return asJob(json(await good(call('GET', `/_emulator/jobs/${jobId}`))))
    },
    async take(endpointId) {
      return asJob(json(await good(call('GET', `/v2/${endpointId}/job-take/${worker}?gpu=x`))))
    },
    purge: (endpointId) => post(`/v2/${endpointId}/purge-queue`, {}),
    chunk: (endpointId, jobId, output) =>
      post(`/v2/${endpointId}/job-stream/${worker}/${jobId}?gpu=x`, { output }),
    forget: (jobId) => post(`/_emulator/forget/${jobId}`, {}),
    finish: (endpointId, jobId, result) =>
      post(`/v2/${endpointId}/job-done/${worker}/${jobId}?gpu=x&isStream=false`, result),
  }
}

function asJob(value: Record<string, unknown>): TakenJob {
  const { id, input } = value
  if (typeof id !== 'string' || typeof input !== 'object' || input === null) {
    throw new TypeError('The platform holds no such job')
  }
  return { ...value, id, input: { ...input } }
}

/** The job's secrets by name, for `secretsIn`. */
export function secretsOf(job: TakenJob): Record<string, string> {
  const { s3Config, webhook } = job
  return {
    ...(s3Config === undefined
      ? {}
      : { accessId: s3Config.accessId, accessSecret: s3Config.accessSecret }),
    ...(webhook === undefined ? {} : { webhook }),
  }
}
