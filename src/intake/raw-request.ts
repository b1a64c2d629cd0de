import { decodeBase64url } from '../bytes/base64url.ts'
import { GatewayError } from '../errors.ts'
import { readParameters } from '../multipart/parameters.ts'
import { readFilename } from '../multipart/part-headers.ts'
import { shownName } from '../store/file-name.ts'

/** What the head of a request says beside a raw body. */
export interface RawRequest {
  readonly contentType: string
  readonly filename?: string
  /** The rest of `input`, JSON text. */
  readonly input?: Uint8Array
  /** The query without what is meant for the gateway. */
  readonly search: string
}

const encoder = new TextEncoder()
const maxFilenameBytes = 1024

/**
 * Reads `?filename=` or Content-Disposition, and `?input=` or `Bulkway-Input` (JSON, or that as
 * base64url).
 *
 * @throws {GatewayError} invalid_request
 */
export function readRawRequest(headers: Headers, search: string): RawRequest {
  const query = new URLSearchParams(search)
  const filename = readRawFilename(headers, query)
  const input = readInput(headers.get('bulkway-input'), query)
  return {
    contentType: headers.get('content-type')?.trim() ?? '',
    ...(filename === undefined || filename === '' ? {} : { filename: shownName(filename) }),
    ...(input === undefined ? {} : { input }),
    search: withoutOwn(search),
  }
}

function readRawFilename(headers: Headers, query: URLSearchParams): string | undefined {
  const disposition = headers.get('content-disposition')
  const parameters = readParameters(latin1ToUtf8(disposition ?? ''))
  const filename = query.get('filename') ?? (parameters && readFilename(parameters))
  const isBad = parameters === undefined || (filename === undefined && parameters.has('filename*'))
  if (isBad) throw refuse('Cannot read the file name in Content-Disposition')
  if (encoder.encode(filename).length > maxFilenameBytes) {
    throw refuse(`Send a file name of at most ${maxFilenameBytes} bytes`)
  }
  return filename
}

function readInput(header: string | null, query: URLSearchParams): Uint8Array | undefined {
  const [asked, another] = [...query.getAll('input'), ...(header === null ? [] : [header])]
  if (asked === undefined) return undefined
  if (another !== undefined) throw refuse('Send the rest of "input" once, in the query or a header')
  if (header === null || header.trimStart().startsWith('{')) {
    return encoder.encode(header === null ? asked : latin1ToUtf8(asked))
  }
  const decoded = decodeBase64url(header.replace(/={1,2}$/, ''))
  if (decoded === undefined) throw refuse('Send Bulkway-Input as JSON or that as base64url')
  return decoded
}

/** Bytes of UTF-8 that a runtime has read as one character each. */
function latin1ToUtf8(text: string): string {
  if (!/^[\0-\xff]*[\x80-\xff][\0-\xff]*$/.test(text)) return text
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return text
  }
}

function withoutOwn(search: string): string {
  const kept = search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !/^(input|filename)(=|$)/.test(pair))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

function refuse(detail: string): GatewayError {
  return new GatewayError('invalid_request', detail)
}
