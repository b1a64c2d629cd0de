import { BulkwayError } from './bulkway-error.ts'
import type { Gateway } from './gateway.ts'
import { hashFile } from './hash-file.ts'
import { createPartUrls } from './part-urls.ts'
import { createMeter, type Progress } from './progress.ts'
import { readComplete, readProgress, readStarted } from './read-wire.ts'
import { createMemory, type Memory, memoryOf, noMemory, type ResumeStore } from './resume.ts'
import type { SendPart } from './send-part.ts'
import type { Hasher } from './sha256.ts'
import { nameOf, type Uploadable } from './source.ts'
import { uploadParts } from './upload-parts.ts'
import type { LandedPart, SignedPart, StartUpload, UploadProgress } from './wire.ts'

export interface UploadOptions {
  readonly onProgress?: (progress: Progress) => void
  /** Told the upload's id as soon as there is one, to keep it for `resume` or `abortUpload`. */
  readonly onStart?: (uploadId: string) => void
  /** Pauses the upload: what has landed stays, and `resume` goes on from there. */
  readonly signal?: AbortSignal
  /** Parts under way at a time; default 4. */
  readonly concurrency?: number
  /**
   * Where the upload is remembered, such as `localStorage`, or the id of one to go on with. A file of
   * which nobody knows when it was changed, such as a bare Blob, is not remembered: keep its id.
   */
  readonly resume?: ResumeStore | string
  /**
   * SHA-256 of the file: in hex where it is known, `true` to read the whole file for it before
   * anything is sent. The gateway then answers at once where it has the same file of yours, and
   * checks what has arrived.
   */
  readonly sha256?: string | true
  /** Default: the file's own name. */
  readonly filename?: string
  /** Default: the file's own type. */
  readonly contentType?: string
  /** Keeps the file for good under `name`, where the gateway allows it. */
  readonly retain?: 'persist'
  readonly name?: string
}

/** A file that is in the store. */
export interface Uploaded {
  /** The string to place in a request instead of the file. */
  readonly ref: string
  readonly uploadId: string
  /** Bytes. */
  readonly size: number
  /** ISO 8601: when the ref ends. */
  readonly expiresAt: string
  readonly filename?: string
  readonly contentType?: string
  /** Whether the file was there already and nothing was sent. */
  readonly reused: boolean
}

/** As long as nothing has been sent, whoever waits wants to know soon. */
const firstGiveUpMs = 10_000
/** Times that parts which the store has lost are sent again. */
const roundsAtMost = 3

/** What the platform does best in its own way. */
export interface Means {
  readonly sendPart: SendPart
  readonly newSha256: () => Hasher
}

/** What is asked for, with its SHA-256 in hex, where there is to be one. */
type Asked = Omit<UploadOptions, 'sha256'> & {
  readonly signal: AbortSignal
  readonly sha256: string | undefined
}

/** An upload that is open at the gateway. */
type Open = Omit<UploadProgress, 'state'> & {
  readonly signed: readonly SignedPart[]
  readonly urlsExpireAt: string
  /** Parts that are signed at a time. */
  readonly batch: number
}

/**
 * Brings a file into the store of an endpoint. Never more than `concurrency` parts are in memory,
 * and of a Blob none. Throws `BulkwayError`, or the signal's reason.
 */
export async function upload(
  gateway: Gateway,
  { sendPart, newSha256 }: Means,
  endpointId: string,
  file: Uploadable,
  options: UploadOptions,
): Promise<Uploaded> {
  const { signal = new AbortController().signal } = options
  signal.throwIfAborted()
  const memory = memoryFor(gateway, endpointId, file, options)
  const sha256 =
    options.sha256 === true
      ? await hashFile(file, newSha256, { signal, onProgress: options.onProgress })
      : options.sha256
  const asked: Asked = { ...options, signal, sha256 }
  const found = await goOn(gateway, endpointId, file, memory, asked)
  const open = found ?? (await start(gateway, endpointId, file, memory, asked))
  if ('reused' in open) {
    await memory.forget()
    return open
  }
  options.onStart?.(open.uploadId)
  try {
    const uploaded = await finish(gateway, sendPart, endpointId, file, open, asked)
    await memory.forget()
    return uploaded
  } catch (error) {
    const gone = ['upload_not_found', 'upload_expired', 'upload_mismatch']
    if (error instanceof BulkwayError && gone.includes(error.code)) await memory.forget()
    throw error
  }
}

function memoryFor(
  { baseUrl }: Gateway,
  endpointId: string,
  file: Uploadable,
  options: UploadOptions,
): Memory {
  const { resume, retain, name } = options
  if (resume === undefined) return noMemory
  if (typeof resume === 'string') return memoryOf(resume)
  const traits = [baseUrl, endpointId, filenameOf(file, options), contentTypeOf(file, options)]
  return createMemory(resume, file, [...traits, retain, name])
}

/** The upload that was begun earlier, if it is still of use. */
async function goOn(
  gateway: Gateway,
  endpointId: string,
  file: Uploadable,
  memory: Memory,
  { signal, sha256 }: Asked,
): Promise<Open | Uploaded | undefined> {
  const remembered = await memory.read()
  if (remembered === undefined) return undefined
  const { uploadId, batch } = remembered
  const known = await lookUp(gateway, endpointId, uploadId, signal, firstGiveUpMs).catch(
    (error) => {
      const codes = ['upload_not_found', 'upload_expired']
      if (error instanceof BulkwayError && codes.includes(error.code)) return undefined
      throw error
    },
  )
  if (known === undefined || known.size !== file.size) return undefined
  const { state, landed, partSize, partCount, ...rest } = known
  if (state === 'failed') return undefined
  // Nobody knows whether it was checked; the start of another one finds it, if it was.
  if (state === 'complete') return sha256 === undefined ? { ...rest, reused: true } : undefined
  return { ...known, signed: [], urlsExpireAt: known.expiresAt, batch }
}

async function lookUp(
  gateway: Gateway,
  endpointId: string,
  uploadId: string,
  signal: AbortSignal,
  giveUpMs = Number.POSITIVE_INFINITY,
): Promise<UploadProgress> {
  const path = `uploads/${encodeURIComponent(uploadId)}`
  return readProgress(await gateway.call(endpointId, path, { method: 'GET', signal, giveUpMs }))
}

async function start(
  gateway: Gateway,
  endpointId: string,
  file: Uploadable,
  memory: Memory,
  asked: Asked,
): Promise<Open | Uploaded> {
  const { signal, retain, name, sha256 } = asked
  const filename = filenameOf(file, asked)
  const contentType = contentTypeOf(file, asked)
  const body: StartUpload = {
    size: file.size,
    ...(filename !== undefined && { filename }),
    ...(contentType !== undefined && { contentType }),
    ...(sha256 !== undefined && { checksum: { algorithm: 'sha256', value: sha256 } }),
    ...(retain !== undefined && { retain }),
    ...(name !== undefined && { name }),
  }
  const how = { body, signal, giveUpMs: firstGiveUpMs }
  const started = readStarted(await gateway.call(endpointId, 'uploads', how))
  if (started.exists === true) {
    const { ref, uploadId, size, expiresAt } = started
    return { ref, uploadId, size, expiresAt, reused: true }
  }
  const batch = Math.max(1, started.parts.length)
  await memory.write({ uploadId: started.uploadId, batch })
  return { ...started, size: file.size, landed: [], signed: started.parts, batch }
}

async function finish(
  gateway: Gateway,
  send: SendPart,
  endpointId: string,
  file: Uploadable,
  open: Open,
  asked: Asked,
): Promise<Uploaded> {
  const { uploadId, partSize, partCount } = open
  const { signal, sha256, concurrency = 4 } = asked
  const waiting: number[] = []
  const sizeOf = (part: number) => Math.min(file.size, part * partSize) - (part - 1) * partSize
  const urls = createPartUrls({ gateway, endpointId, waiting: () => waiting, ...open })
  let landed = new Map(open.landed.map(({ partNumber, etag }) => [partNumber, etag]))
  for (let round = 1; ; round++) {
    const there = [...landed.keys()].reduce((sum, part) => sum + sizeOf(part), 0)
    const meter = createMeter('uploading', file.size, there, asked.onProgress)
    for (let part = 1; part <= partCount; part++) if (!landed.has(part)) waiting.push(part)
    const plan = { file, partSize, urls, meter, send, concurrency, signal, waiting }
    try {
      const sent = await uploadParts({ ...plan, patience: gateway.patience })
      for (const [part, etag] of await visible(sent)) landed.set(part, etag)
    } catch (error) {
      await urls.report(AbortSignal.timeout(2_000))
      throw error
    }
    urls.close()
    meter.end()
    try {
      const body = { parts: partsOf(landed), ...(sha256 !== undefined && { sha256 }) }
      const path = `uploads/${encodeURIComponent(uploadId)}/complete`
      const answer = await gateway.call(endpointId, path, { body, signal })
      return { ...readComplete(answer), reused: false }
    } catch (error) {
      landed = await whatIsLeft(error)
      if (landed.size >= partCount || round >= roundsAtMost) throw error
    }
  }

  async function fromStore(): Promise<Map<number, string>> {
    const progress = await lookUp(gateway, endpointId, uploadId, signal)
    return new Map(progress.landed.map(({ partNumber, etag }) => [partNumber, etag]))
  }
  async function visible(sent: Map<number, string | undefined>): Promise<Map<number, string>> {
    const hidden = [...sent.values()].includes(undefined)
    const seen = hidden ? await fromStore() : new Map<number, string>()
    for (const [part, etag] of sent) {
      if (etag !== undefined) seen.set(part, etag)
      else if (!seen.has(part)) {
        const detail = 'Cannot see what the store has taken: let its CORS rules expose ETag'
        throw new BulkwayError('etag_hidden', 0, detail)
      }
    }
    return seen
  }
  async function whatIsLeft(error: unknown): Promise<Map<number, string>> {
    if (error instanceof BulkwayError && error.code === 'upload_incomplete') return fromStore()
    throw error
  }
}

function filenameOf(file: Uploadable, { filename }: { readonly filename?: string }) {
  return filename ?? nameOf(file)
}

function contentTypeOf(file: Uploadable, { contentType }: { readonly contentType?: string }) {
  return (contentType ?? file.type) || undefined
}

function partsOf(landed: ReadonlyMap<number, string>): LandedPart[] {
  return [...landed]
    .map(([partNumber, etag]) => ({ partNumber, etag }))
    .sort((a, b) => a.partNumber - b.partNumber)
}
