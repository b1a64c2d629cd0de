import { createGateway } from './gateway.ts'
import { type Retention, readStatus, submit, type WaitOptions, waitForJob } from './jobs.ts'
import type { Patience, PersistOptions, Retry } from './persist.ts'
import { place } from './place.ts'
import type { Progress } from './progress.ts'
import { readJob } from './read-wire.ts'
import type { ResumeStore } from './resume.ts'
import { sendByFetch } from './send-by-fetch.ts'
import { sendByXhr } from './send-by-xhr.ts'
import type { SendPart } from './send-part.ts'
import { type Hasher, Sha256 } from './sha256.ts'
import type { Uploadable } from './source.ts'
import { type Means, type Uploaded, type UploadOptions, upload } from './upload.ts'
import type { Job, JobRequest } from './wire.ts'

export { BulkwayError, type BulkwayErrorFacts, type ClientErrorCode } from './bulkway-error.ts'
export { isFinal, type Retention, type WaitOptions } from './jobs.ts'
export type { Patience, Retry } from './persist.ts'
export { place } from './place.ts'
export type { Progress } from './progress.ts'
export type { ResumeStore } from './resume.ts'
export { ownHeaders, type PartAnswer, type PartRequest, type SendPart } from './send-part.ts'
export type { Hasher } from './sha256.ts'
export { chunksOf, type FileSource, type PartBody, type Uploadable } from './source.ts'
export type { Uploaded, UploadOptions } from './upload.ts'
export type { Job, JobRequest } from './wire.ts'

interface CommonOptions {
  /** The gateway's URL, with or without `/v2`. */
  readonly baseUrl: string
  /** Default: the platform's own. */
  readonly fetch?: typeof globalThis.fetch
  /** How parts leave; default: by XMLHttpRequest where there is one, else by `fetch`. */
  readonly sendPart?: SendPart
  /** What works out the SHA-256 of files; default: the client's own, in JavaScript. */
  readonly newSha256?: () => Hasher
  /** How long what fails is tried again. */
  readonly retry?: Patience
  /** Told every failure that is tried again. */
  readonly onRetry?: (retry: Retry) => void
}

/** A gateway and who calls it. */
export type ClientOptions = CommonOptions &
  (
    | {
        /** A key that does not end: never in a page. */
        readonly apiKey: string
      }
    | {
        /** A short-lived token, or what gets one; it is called before every request. */
        readonly token: string | (() => string | Promise<string>)
      }
  )

export interface RunOptions {
  /**
   * Files that are uploaded first, by the place of their ref in the request: names below `input`
   * with dots between them (`image`, `images.0`), or a JSON Pointer of the request (`/input/image`).
   */
  readonly files?: Readonly<Record<string, Uploadable>>
  /** Name of the session whose directory the job shares with those before and after it. */
  readonly session?: string
  /** How long its files and result are kept, where the endpoint lets a request say so. */
  readonly retention?: Retention
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress & { readonly path: string }) => void
  /** For all files alike. */
  readonly upload?: {
    readonly concurrency?: number
    readonly sha256?: true
    readonly resume?: ResumeStore
  }
}

/** Everything a program does with a gateway; all of it may throw `BulkwayError` or a signal's reason. */
export interface Client {
  /** Brings a file into the store; its `ref` stands for it in requests to the same endpoint. */
  upload(endpointId: string, file: Uploadable, options?: UploadOptions): Promise<Uploaded>
  /** Drops an upload with all that has landed; also a complete one. */
  abortUpload(endpointId: string, uploadId: string, signal?: AbortSignal): Promise<void>
  /** Uploads the files, if any, and submits a job. */
  run(endpointId: string, request: JobRequest, options?: RunOptions): Promise<Job>
  /** As `run`, and answers with the job as it is when the platform's own waiting time is over. */
  runsync(endpointId: string, request: JobRequest, options?: RunOptions): Promise<Job>
  status(endpointId: string, jobId: string, signal?: AbortSignal): Promise<Job>
  /** The job once it is final, whether it succeeded or not. */
  wait(endpointId: string, jobId: string, options?: WaitOptions): Promise<Job>
  cancel(endpointId: string, jobId: string, signal?: AbortSignal): Promise<Job>
}

/**
 * Creates a client, for browsers, Node and Workers alike.
 *
 * @example
 * const client = createClient({ baseUrl: 'https://gateway.example.com', token })
 * const { ref } = await client.upload('demo', file, { resume: localStorage })
 * const { id } = await client.run('demo', { input: { image: ref } })
 * const { output } = await client.wait('demo', id)
 */
export function createClient(options: ClientOptions): Client {
  const fetch: typeof globalThis.fetch =
    options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const patience: PersistOptions = { ...options.retry, onRetry: options.onRetry }
  const token = 'apiKey' in options ? options.apiKey : options.token
  const gateway = createGateway({ baseUrl: options.baseUrl, token, fetch, patience })
  // `fetch` tells no progress of a body that it sends.
  const sendPart = 'XMLHttpRequest' in globalThis ? sendByXhr : sendByFetch(fetch)
  const means: Means = {
    sendPart: options.sendPart ?? sendPart,
    newSha256: options.newSha256 ?? (() => new Sha256()),
  }

  async function submitWithFiles(
    operation: 'run' | 'runsync',
    endpointId: string,
    request: JobRequest,
    { files = {}, session, retention, signal, onProgress, upload: how }: RunOptions = {},
  ): Promise<Job> {
    let complete = request
    // Wrong paths are refused before anything is sent.
    for (const path of Object.keys(files)) complete = place(complete, path, '')
    for (const [path, file] of Object.entries(files)) {
      const { ref } = await upload(gateway, means, endpointId, file, {
        ...how,
        ...(signal !== undefined && { signal }),
        ...(onProgress !== undefined && {
          onProgress: (progress) => onProgress({ ...progress, path }),
        }),
      })
      complete = place(complete, path, ref)
    }
    return await submit(gateway, endpointId, operation, complete, { signal, session, retention })
  }

  return {
    upload: (endpointId, file, uploadOptions = {}) =>
      upload(gateway, means, endpointId, file, uploadOptions),
    async abortUpload(endpointId, uploadId, signal) {
      const path = `uploads/${encodeURIComponent(uploadId)}`
      await gateway.call(endpointId, path, { method: 'DELETE', signal })
    },
    run: (endpointId, request, runOptions) =>
      submitWithFiles('run', endpointId, request, runOptions),
    runsync: (endpointId, request, runOptions) =>
      submitWithFiles('runsync', endpointId, request, runOptions),
    status: (endpointId, jobId, signal) => readStatus(gateway, endpointId, jobId, signal),
    wait: (endpointId, jobId, waitOptions) => waitForJob(gateway, endpointId, jobId, waitOptions),
    async cancel(endpointId, jobId, signal) {
      const path = `cancel/${encodeURIComponent(jobId)}`
      return readJob(await gateway.call(endpointId, path, { signal }))
    },
  }
}
