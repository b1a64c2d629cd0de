import { encodeRfc3986 } from '../sigv4/encode.ts'
import { decodePercent, findQuery, parseQuery } from '../sigv4/query.ts'

/** How the bytes of a file stand in JSON: the string that they were, or `json`, the text itself. */
export type OutputForm = 'base64' | 'data-uri' | 'text' | 'json'

/** The same of an input, which was a string always. */
export type InputForm = 'base64' | 'base64url' | 'data-uri' | 'text'

/** A file that stands for a value, in the terms of the worker's `s3Config`. */
export interface Reference<Form> {
  /** `accessId` of the `s3Config`. */
  readonly accessId: string
  /** As the worker names it: with keys of a store itself, the real key. Unchecked. */
  readonly key: string
  readonly as: Form
  /** Media type, perhaps with parameters. */
  readonly type: string
  /** Size as the worker says; undefined where it does not. */
  readonly bytes: number | undefined
}

/** What the text of an output's reference begins with. */
export const outputMarker = 'bulkway-output://'

/** Characters of the longest reference. */
export const referenceMaxLength = 8192

const outputForms: readonly string[] = ['base64', 'data-uri', 'text', 'json'] satisfies OutputForm[]
const mediaType = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(?:;[\x20-\x7e]*)?$/i
const anyType = 'application/octet-stream'

/**
 * Reads `bulkway-output://{accessId}/{key}?as=…&type=…&bytes=…`, key and type percent-encoded, as a
 * worker leaves it in its output; undefined when it is none. Nothing of it is proven.
 */
export function parseOutputReference(text: string): Reference<OutputForm> | undefined {
  if (text.length > referenceMaxLength || !text.startsWith(outputMarker)) return undefined
  const match = /^([^/?#]+)\/([^?#]+)\?([^#]*)$/.exec(text.slice(outputMarker.length))
  const [, rawId = '', rawKey = '', rawQuery = ''] = match ?? []
  const accessId = decodePercent(rawId)
  const key = decodePercent(rawKey)
  const details = parseDetails(rawQuery)
  if (!accessId || !key || details === undefined) return undefined
  return { accessId, key, ...details }
}

/**
 * Reads `as=…&type=…&bytes=…`, in any order and perhaps among others; undefined without a known
 * `as`. A type that is none is `application/octet-stream`.
 */
export function parseDetails(
  query: string,
): Pick<Reference<OutputForm>, 'as' | 'type' | 'bytes'> | undefined {
  const pairs = parseQuery(query)
  const as = pairs && findQuery(pairs, 'as')
  if (pairs === undefined || as === undefined || !isOutputForm(as)) return undefined
  const type = findQuery(pairs, 'type') ?? ''
  const bytes = findQuery(pairs, 'bytes') ?? ''
  return {
    as,
    type: mediaType.test(type) ? type : anyType,
    bytes: /^\d{1,15}$/.test(bytes) ? Number(bytes) : undefined,
  }
}

/** Writes an output's reference, as `bulkway_worker.py` does. */
export function renderOutputReference(reference: Reference<OutputForm>): string {
  return outputMarker + renderRest(reference)
}

/** Writes what stands for an input that the worker is to be given as the client sent it. */
export function renderInputReference(reference: Reference<InputForm>): string {
  return `bulkway-input://${renderRest(reference)}`
}

/** Writes the query of a reference. */
export function renderDetails({
  as,
  type,
  bytes,
}: Pick<Reference<OutputForm | InputForm>, 'as' | 'type' | 'bytes'>): string {
  const size = bytes === undefined ? '' : `&bytes=${bytes}`
  return `as=${as}&type=${encodeRfc3986(type)}${size}`
}

function renderRest(reference: Reference<OutputForm | InputForm>): string {
  const { accessId, key } = reference
  const path = key.split('/').map(encodeRfc3986).join('/')
  return `${encodeRfc3986(accessId)}/${path}?${renderDetails(reference)}`
}

function isOutputForm(as: string): as is OutputForm {
  return outputForms.includes(as)
}
