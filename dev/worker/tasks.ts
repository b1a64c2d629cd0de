import { GetObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { asObject, type JsonObject } from '../platform/job.ts'
import { createClient, type Digest, digest, parseS3Config, type Written, write } from './bucket.ts'
import { leakForms, secretsOf } from './leak.ts'
import { digestPath, isOnVolume, type Mount, type WrittenPath, writePath } from './mount.ts'
import type { JobScope, TakenJob } from './platform-loop.ts'

/** What a task has beside its job. */
export interface TaskScope extends JobScope {
  /** The network volume of the endpoint, if it has one. */
  readonly mount: Mount | undefined
}

/** One thing that the sample worker can do; what it returns is the job's output. */
export type Task = (job: TakenJob, input: JsonObject, scope: TaskScope) => Promise<unknown>

/** What `input.task` may name. */
export const tasks: Readonly<Record<string, Task>> = {
  /** Reads every `in/…` key, every link and every file of the volume that the input names. */
  async digest(job, input, scope) {
    return { files: await digestAll(job, input, scope) }
  },
  /**
   * Writes `input.bytes` random bytes to `input.key` (`out.bin`): of the bucket, or of the
   * directory `input.directory` on the volume.
   */
  async write(job, input, scope) {
    return await writeOutput(job, input, scope)
  },
  /** Reads, writes, and answers its whole job as some workers do: the scene of the demo. */
  async scene(job, input, scope) {
    const files = await digestAll(job, input, scope)
    return { files, written: await writeOutput(job, input, scope), job }
  },
  /** Answers the whole job as it was received. */
  async echo(job) {
    return { job }
  },
  /** Answers each secret in every form; with `fail: true` inside a handler's error. */
  async leak(job, input) {
    const forms: JsonObject = {
      ...Object.fromEntries(
        Object.entries(secretsOf(job)).map(([name, secret]) => [name, leakForms(secret)]),
      ),
      ...(await leakUrls(job)),
    }
    if (input['fail'] === true) throw new Error(`Cannot go on with ${JSON.stringify(forms)}`)
    return { ...forms, job }
  },
  /** Sends chunks, one of which leaks. */
  async stream(job, input, { chunk, signal }) {
    const chunks = typeof input['chunks'] === 'number' ? input['chunks'] : 5
    for (let i = 0; i < chunks && !signal.aborted; i++) {
      await chunk(i === 1 ? { n: i, secrets: secretsOf(job), job } : { n: i, text: `chunk ${i}` })
    }
    return []
  },
  /** Does nothing for `input.ms`. */
  async sleep(_job, input, { signal }) {
    const ms = typeof input['ms'] === 'number' ? input['ms'] : 1_000
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    return { slept: ms }
  },
}

async function digestAll(
  job: TakenJob,
  input: JsonObject,
  { signal, mount }: TaskScope,
): Promise<readonly Digest[]> {
  const s3Config = job.s3Config === undefined ? undefined : parseS3Config(job.s3Config)
  const files: Digest[] = []
  for (const path of pathsOf(input, mount)) {
    if (mount === undefined || !isOnVolume(path, mount)) {
      files.push(await digest(path, s3Config, signal))
      continue
    }
    const found = await digestPath(path, mount)
    if (found !== undefined) files.push(found)
  }
  return files
}

async function writeOutput(
  job: TakenJob,
  { bytes, key, directory }: JsonObject,
  { signal, mount }: TaskScope,
): Promise<Written | WrittenPath> {
  const name = typeof key === 'string' ? key : 'out.bin'
  const count = typeof bytes === 'number' ? bytes : 1_024
  if (typeof directory === 'string' && mount !== undefined && isOnVolume(directory, mount)) {
    return await writePath(`${directory}/${name}`, count, mount)
  }
  return await write(name, count, parseS3Config(job.s3Config), signal)
}

function pathsOf(value: unknown, mount: Mount | undefined): string[] {
  if (typeof value === 'string') {
    const named = value.startsWith('in/') || /^https?:\/\//.test(value)
    return named || isOnVolume(value, mount) ? [value] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((one) => pathsOf(one, mount))
}

async function leakUrls(job: TakenJob): Promise<JsonObject> {
  if (job.s3Config === undefined) return {}
  const s3Config = parseS3Config(job.s3Config)
  const command = new GetObjectCommand({ Bucket: s3Config.bucketName, Key: 'out.bin' })
  const presigned = await getSignedUrl(createClient(s3Config), command, { expiresIn: 604_800 })
  const { origin, pathname } = new URL(presigned)
  // SigV2, as boto3 presigns unless told otherwise; the signature only has to look like one.
  const query = new URLSearchParams({
    AWSAccessKeyId: s3Config.accessId,
    Signature: Buffer.alloc(20, 7).toString('base64'),
    Expires: '1893456000',
  })
  const credentials = `${s3Config.accessId}:${s3Config.accessSecret}`
  return {
    presigned,
    presignedInJson: JSON.stringify(JSON.stringify({ presigned })),
    presignedInUrl: `https://example.com/?next=${encodeURIComponent(presigned)}`,
    presignedV2: `${origin}${pathname}?${query}`,
    basic: `Basic ${Buffer.from(credentials).toString('base64')}`,
  }
}

/** The input's object, or an empty one. */
export function inputOf(job: TakenJob): JsonObject {
  return asObject(job.input) ?? {}
}
