import { createHash } from 'node:crypto'
import type { Client, FileSource, ResumeStore, Retry, Uploaded } from '../client-node/client.ts'
import { BulkwayError, openFile } from '../client-node/client.ts'
import type { CommonSettings } from './parse-command.ts'
import type { ProgressLine } from './progress-line.ts'
import type { Reporter, Surroundings } from './reporter.ts'
import { createResumeStore, stateDirectory } from './state-directory.ts'

export interface FileTraits {
  readonly contentType?: string | undefined
  readonly filename?: string | undefined
  readonly persist?: string | undefined
}

/** What the client's retries are told to. */
export interface RetryListener {
  /** While a file is under way; above its line. */
  line: ProgressLine | undefined
}

/** Uploads one file with its progress shown; an interrupted one says how to go on. */
export async function uploadFile(
  context: {
    readonly client: Client
    readonly settings: CommonSettings
    readonly surroundings: Surroundings
    readonly reporter: Reporter
    readonly retries: RetryListener
  },
  path: string,
  traits: FileTraits = {},
): Promise<Uploaded> {
  const { client, settings, surroundings, reporter, retries } = context
  const { endpointId, concurrency, resume } = settings
  const { signal } = surroundings
  const file = await openFile(path)
  const line = reporter.progress(path)
  retries.line = line
  let uploadId: string | undefined
  let isRemembered: boolean = resume
  const memory: ResumeStore = createResumeStore(stateDirectory(surroundings.env), path)
  const remembering: ResumeStore = {
    ...memory,
    async setItem(key, value) {
      try {
        await memory.setItem(key, value)
      } catch (error) {
        isRemembered = false
        const reason = error instanceof Error ? error.message : `${error}`
        line.say(`Cannot remember this upload, to go on with it later: ${reason}`)
      }
    },
  }
  try {
    const sha256 = settings.sha256 ? await hash(file, line, signal) : undefined
    const uploaded = await client.upload(endpointId, file, {
      signal,
      onProgress: (progress) => line.show(progress),
      onStart: (id) => {
        uploadId = id
      },
      ...(resume && { resume: remembering }),
      ...(concurrency !== undefined && { concurrency }),
      ...(sha256 !== undefined && { sha256 }),
      ...(traits.contentType !== undefined && { contentType: traits.contentType }),
      ...(traits.filename !== undefined && { filename: traits.filename }),
      ...(traits.persist !== undefined && { retain: 'persist', name: traits.persist }),
    })
    line.end()
    return uploaded
  } catch (error) {
    line.end()
    if (signal.aborted && uploadId !== undefined) {
      if (isRemembered) reporter.say('Paused. The same command goes on from here')
      // Nobody will come back for it.
      else await client.abortUpload(endpointId, uploadId).catch(() => {})
    }
    throw error
  } finally {
    retries.line = undefined
  }
}

// The platform's own hash, which is several times as fast as the client's.
async function hash(file: FileSource, line: ProgressLine, signal: AbortSignal): Promise<string> {
  const digest = createHash('sha256')
  const startedAt = performance.now()
  let bytes = 0
  for await (const chunk of file.stream(0, file.size)) {
    signal.throwIfAborted()
    digest.update(chunk)
    bytes += chunk.byteLength
    const seconds = (performance.now() - startedAt) / 1_000
    if (bytes % 16_777_216 < chunk.byteLength && seconds > 0.5) {
      const bytesPerSecond = bytes / seconds
      const secondsLeft = (file.size - bytes) / bytesPerSecond
      line.show({ phase: 'hashing', bytes, total: file.size, bytesPerSecond, secondsLeft })
    }
  }
  return digest.digest('hex')
}

/** A failure that is tried again, for people. */
export function describeRetry({ error, delayMs }: Retry): string {
  const detail = error instanceof BulkwayError ? error.detail : `${error}`
  return `${detail}; trying again in ${Math.max(0.1, delayMs / 1_000).toFixed(1)} s`
}
