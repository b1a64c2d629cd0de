import { randomBytes } from 'node:crypto'
import type { Mount } from './mount.ts'
import { type JobResult, type JobScope, runWorker, type TakenJob } from './platform-loop.ts'
import { inputOf, type TaskScope, tasks } from './tasks.ts'

/** Starts the sample worker, which knows only the four documented fields of `s3Config`. */
export function startSampleWorker(options: {
  /** `http://host:port` of the platform. */
  readonly platformUrl: string
  readonly endpointId?: string
  /** The network volume that it has mounted. */
  readonly mount?: Mount | undefined
}): { stop(): Promise<void> } {
  const { platformUrl, endpointId = 'demo', mount } = options
  const workerId = `sample-${randomBytes(3).toString('hex')}`
  return runWorker({
    platformUrl,
    endpointId,
    workerId,
    handler: (job, scope) => perform(job, { ...scope, mount }),
  })
}

async function perform(job: TakenJob, scope: TaskScope): Promise<JobResult> {
  const input = inputOf(job)
  const name = `${input['task']}`
  try {
    const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined
    if (task === undefined) {
      const known = Object.keys(tasks).join(', ')
      throw new TypeError(`input.task must be one of ${known}; it is ${name}`)
    }
    return { output: await task(job, input, scope) }
  } catch (error) {
    return { error: errorText(error, scope) }
  }
}

// JSON in a string, as runpod-python 1.12 makes it of an exception (rp_job.run_job).
function errorText(error: unknown, { workerId }: JobScope): string {
  const known = error instanceof Error
  return JSON.stringify({
    error_type: `<class '${known ? error.name : typeof error}'>`,
    error_message: known ? error.message : `${error}`,
    error_traceback: known ? `${error.stack}` : '',
    hostname: `${workerId}-host`,
    worker_id: workerId,
    runpod_version: '1.12.0',
  })
}
