import type { IncomingResponse, OutgoingBody } from '../../platform.ts'
import type { Call } from '../call.ts'
import { type S3Code, S3Error } from '../s3-error.ts'
import { askStore, mapStoreError, readText, storeError } from '../store-answer.ts'
import { parseXml, xmlText } from '../xml.ts'
import {
  checkSource,
  conditionHeaders,
  type SourceConditions,
  type SourceRange,
} from './copy-source.ts'
import { newObjectHeaders } from './object-headers.ts'
import { maxXmlBytes } from './read-xml.ts'

/** One copy within the store, in real keys. */
export interface Copy {
  readonly source: string
  readonly conditions: SourceConditions | undefined
  readonly range?: SourceRange | undefined
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  /** Headers that the new object gets in place of the source's; undefined to keep those. */
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly root: 'CopyObjectResult' | 'CopyPartResult'
  readonly absent: 'NoSuchKey' | 'NoSuchUpload'
}

/** What S3 says of a copy that was made. */
export interface Copied {
  /** Quoted. */
  readonly etag: string
  /** ISO 8601. */
  readonly lastModified: string
}

// What a store says of the copy that was asked for, not of how the gateway asks.
const refusals: Readonly<Partial<Record<string, readonly [S3Code, string]>>> = {
  InvalidRequest: ['InvalidRequest', 'The source cannot be copied in one request'],
  InvalidArgument: ['InvalidArgument', 'The range is not valid for the source'],
}

/** Copies inside the store; undefined where the store cannot do that, and nothing has happened. */
export async function copyInStore(call: Call, copy: Copy): Promise<Copied | undefined> {
  const { source, conditions, range, key, query, headers, root, absent } = copy
  // Ceph RGW 16 takes these conditions and does not look at them.
  if (conditions !== undefined) await checkStored(call, source, conditions)
  const answer = await askStore(call, {
    method: 'PUT',
    key,
    ...(query && { query }),
    copyFrom: source,
    headers: {
      ...headers,
      ...(headers !== undefined && { 'x-amz-metadata-directive': 'REPLACE' }),
      ...(range && { 'x-amz-copy-source-range': `bytes=${range.first}-${range.last}` }),
      ...conditionHeaders(conditions),
    },
    body: new Uint8Array(0),
  })
  if (answer.status === 501) {
    await answer.body.cancel()
    return undefined
  }
  const text = await readText(answer, maxXmlBytes)
  const error = parseXml(text, 'Error')
  const refusal = refusals[(error && xmlText(error, 'Code')) ?? '']
  if (refusal !== undefined) throw new S3Error(...refusal, `store answered ${answer.status}`)
  const result = parseXml(text, root)
  const etag = result && xmlText(result, 'ETag')
  // As with CompleteMultipartUpload, a 200 may turn out to be an error.
  if (answer.status !== 200 || result === undefined || !etag) {
    throw mapStoreError(answer.status === 200 ? 500 : answer.status, error, absent)
  }
  const lastModified = xmlText(result, 'LastModified') ?? nowText(call)
  return { etag: quoted(etag), lastModified }
}

/**
 * Copies through the gateway as a stream: a GET whose body is that of a PUT. `writeConditions` are those
 * on the new object, which stores know of a PUT but hardly of a copy.
 */
export async function copyAsStream(
  call: Call,
  copy: Copy,
  writeConditions: Readonly<Record<string, string>> = {},
): Promise<Copied> {
  const { source, conditions, range, key, query, absent } = copy
  // The source would be read while it is being replaced.
  if (source === key) throw new S3Error('NotImplemented')
  const read = await askStore(call, {
    method: 'GET',
    key: source,
    ...(range && { headers: { range: `bytes=${range.first}-${range.last}` } }),
  })
  if (read.status !== (range === undefined ? 200 : 206)) throw await storeError(read, 'NoSuchKey')
  try {
    if (conditions !== undefined) checkSource(conditions, read.headers)
    const answer = await askStore(call, {
      method: 'PUT',
      key,
      ...(query && { query }),
      headers: { ...(copy.headers ?? headersOfSource(copy, read)), ...writeConditions },
      body: bodyOf(read, range),
    })
    if (answer.status !== 200) throw await storeError(answer, absent)
    const etag = answer.headers.get('etag')
    await answer.body.cancel()
    if (etag === null) throw new S3Error('InternalError', undefined, 'the store gave no ETag')
    return { etag: quoted(etag), lastModified: nowText(call) }
  } finally {
    await read.body.cancel()
  }
}

async function checkStored(call: Call, key: string, conditions: SourceConditions): Promise<void> {
  const answer = await askStore(call, { method: 'HEAD', key })
  if (answer.status !== 200) throw await storeError(answer, 'NoSuchKey')
  await answer.body.cancel()
  checkSource(conditions, answer.headers)
}

/** A part has no headers of its own: those of the object were given when the upload began. */
function headersOfSource({ root }: Copy, { headers }: IncomingResponse): Record<string, string> {
  return root === 'CopyPartResult' ? {} : newObjectHeaders(headers, [])
}

function bodyOf(read: IncomingResponse, range: SourceRange | undefined): OutgoingBody | Uint8Array {
  const text = read.headers.get('content-length')
  const length = text === null ? Number.NaN : Number(text)
  if (!Number.isSafeInteger(length)) {
    throw new S3Error('InternalError', undefined, 'the store gave no length')
  }
  // A store answers with what there is of a range that goes on past the end; S3 copies none of it.
  if (range !== undefined && length !== range.last - range.first + 1) {
    throw new S3Error('InvalidArgument', 'The range is not valid for the source')
  }
  if (length === 0) return new Uint8Array(0)
  return {
    length,
    read: () => read.body.read(),
    cancel: (reason) => read.body.cancel(reason),
  }
}

function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`
}

function nowText(call: Call): string {
  return new Date(call.platform.now()).toISOString()
}
