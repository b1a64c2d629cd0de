import { BulkwayError } from './bulkway-error.ts'

/**
 * A file that is no Blob: whatever can give a stream of any range of its bytes, again and again and
 * several at a time, as a part that fails is read once more.
 */
export interface FileSource {
  /** Bytes. */
  readonly size: number
  readonly name?: string
  /** Media type. */
  readonly type?: string
  /** Milliseconds since the epoch. */
  readonly lastModified?: number
  /** The bytes from `start`, up to and without `end`. */
  stream(start: number, end: number): ReadableStream<Uint8Array>
  /**
   * Whether streams are of `type: 'bytes'` and give back the memory that a reader has brought also
   * where they end; it is read into again and again then.
   */
  readonly readsInto?: boolean
}

/** What can be uploaded. */
export type Uploadable = Blob | FileSource

/** One part of a file, not yet read. */
export interface PartBody {
  /** Bytes. */
  readonly size: number
  /** The part as the platform can send it by itself; undefined where the file is no Blob. */
  readonly blob: Blob | undefined
  stream(): ReadableStream<Uint8Array>
  /** As `FileSource.readsInto`. */
  readonly readsInto: boolean
}

/** The bytes from `start`, up to and without `end`. */
export function partOf(file: Uploadable, start: number, end: number): PartBody {
  if (!(file instanceof Blob)) {
    const { readsInto = false } = file
    return { size: end - start, blob: undefined, stream: () => file.stream(start, end), readsInto }
  }
  const blob = file.slice(start, end)
  return { size: blob.size, blob, stream: () => blob.stream(), readsInto: false }
}

/**
 * The chunks of a part; throws `file_unreadable` where they cannot be read or are too few or many.
 * Where the part reads into what it is given, each chunk is in memory from `lend`.
 */
export async function* chunksOf(
  part: PartBody,
  lend?: () => ArrayBuffer,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let bytes = 0
  // The end, or a byte too many, needs no more.
  const reader = readerOf(part, lend && (() => (bytes < part.size ? lend() : new ArrayBuffer(1))))
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      bytes += value.byteLength
      if (bytes > part.size) break
      yield plain(value)
    }
  } catch (cause) {
    throw cause instanceof BulkwayError ? cause : unreadable('Cannot read the file', cause)
  } finally {
    await reader.cancel().catch(() => {})
  }
  if (bytes !== part.size) {
    const seen = bytes > part.size ? 'more' : bytes
    throw unreadable(`Cannot go on with a file that changes: ${part.size} bytes expected, ${seen}`)
  }
}

type ByteReader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>

function readerOf(part: PartBody, lend: (() => ArrayBuffer) | undefined): ByteReader {
  if (lend === undefined || !part.readsInto) return part.stream().getReader()
  const reader = part.stream().getReader({ mode: 'byob' })
  return {
    read: () => reader.read(new Uint8Array(lend())),
    cancel: (reason) => reader.cancel(reason),
  }
}

/** The part as a Blob; one that is none is in memory then. */
export async function blobOf(part: PartBody): Promise<Blob> {
  if (part.blob !== undefined) return part.blob
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for await (const chunk of chunksOf(part)) chunks.push(chunk)
  return new Blob(chunks)
}

/** Fails with `file_unreadable` where not even the first byte of the part can be read. */
export async function probe(part: PartBody): Promise<void> {
  if (part.blob === undefined || part.size === 0) return
  const blob = part.blob.slice(0, 1)
  for await (const _ of chunksOf({ ...part, size: 1, blob, stream: () => blob.stream() }));
}

/** The name of a file; undefined for a Blob that is none. */
export function nameOf(file: Uploadable): string | undefined {
  return 'name' in file && typeof file.name === 'string' ? file.name : undefined
}

/** When the file was changed last; undefined where that is not known. */
export function lastModifiedOf(file: Uploadable): number | undefined {
  const known = 'lastModified' in file ? file.lastModified : undefined
  return typeof known === 'number' && Number.isFinite(known) ? known : undefined
}

function unreadable(detail: string, cause?: unknown): BulkwayError {
  return new BulkwayError('file_unreadable', 0, detail, { cause })
}

// Bytes in shared memory cannot become a request's body.
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)
}
