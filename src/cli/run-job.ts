import { readFile } from 'node:fs/promises'
import { type Client, isFinal, type Job, type JobRequest, place } from '../client-node/client.ts'
import { exitCodes, UsageError } from './exit-code.ts'
import type { Command } from './parse-command.ts'
import type { Reporter, Surroundings } from './reporter.ts'
import { type RetryListener, uploadFile } from './upload-file.ts'

interface Context {
  readonly client: Client
  readonly surroundings: Surroundings
  readonly reporter: Reporter
  readonly retries: RetryListener
}

/** Uploads the files, submits the job and waits for it; the exit code. */
export async function runJob(
  command: Extract<Command, { kind: 'run' }>,
  context: Context,
): Promise<number> {
  const { client, surroundings, reporter } = context
  const { endpointId, files } = command
  let request: JobRequest = { input: await readInput(command.input, surroundings) }
  // Wrong places are refused before anything is sent.
  for (const file of files) placeRef(request, file.place, '')
  for (const { place, path } of files) {
    const uploaded = await uploadFile({ ...context, settings: command }, path)
    reporter.event('upload', { place, file: path, ...uploaded }, '')
    request = placeRef(request, place, uploaded.ref)
  }
  const { session, retention } = command
  const job = await client.run(endpointId, request, {
    ...(session !== undefined && { session }),
    ...(retention !== undefined && { retention }),
    signal: surroundings.signal,
  })
  if (!command.wait) {
    reporter.result('submitted', job, job.id)
    return exitCodes.fine
  }
  reporter.event('submitted', job, `Job ${job.id}`)
  return await showJob(endpointId, job.id, context)
}

/** Waits for a job and shows its end; the exit code. */
export async function showJob(
  endpointId: string,
  jobId: string,
  { client, surroundings, reporter }: Context,
): Promise<number> {
  const { signal } = surroundings
  let job: Job
  try {
    job = await client.wait(endpointId, jobId, {
      signal,
      onStatus: (one) => {
        if (!isFinal(one)) reporter.event('status', { id: one.id, status: one.status }, one.status)
      },
    })
  } catch (error) {
    if (signal.aborted) {
      reporter.say(`The job goes on: bulkway wait --endpoint ${endpointId} ${jobId}`)
    }
    throw error
  }
  const fine = job.status === 'COMPLETED'
  if (!fine) reporter.say(job.status)
  const shown = fine ? job.output : (job.error ?? job.output ?? job.status)
  reporter.result('job', job, typeof shown === 'string' ? shown : JSON.stringify(shown, null, 2))
  return fine ? exitCodes.fine : exitCodes.jobFailed
}

function placeRef(request: JobRequest, at: string, ref: string): JobRequest {
  try {
    return place(request, at, ref)
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error
  }
}

async function readInput(input: string, { stdin }: Surroundings): Promise<unknown> {
  const text = await readText(input, stdin)
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : `${error}`
    throw new UsageError(`--input is no JSON: ${reason}`)
  }
}

async function readText(input: string, stdin: Surroundings['stdin']): Promise<string> {
  if (!input.startsWith('@')) return input
  if (input !== '@-') {
    return await readFile(input.slice(1), 'utf8').catch((error) => {
      throw new UsageError(`Cannot read ${input.slice(1)}: ${error.message}`)
    })
  }
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
