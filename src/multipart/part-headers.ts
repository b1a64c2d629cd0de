import { readExtended, readParameters } from './parameters.ts'

/** What the headers of one part say. */
export interface PartHeaders {
  /** The field's name, not empty. */
  readonly name: string
  /** The file's name as the client has it, perhaps with a path, perhaps empty. */
  readonly filename?: string
  /** Content-Type as it was sent. */
  readonly contentType?: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const latin1 = new TextDecoder('latin1')
const lineForm = /^([\w!#$%&'*+.^`|~-]+)[ \t]*:(.*)$/s
const plainCodings: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary'])

/**
 * Reads the headers of a part, without the empty line behind them. Answers what is wrong with them
 * as a text for clients where they are refused: no form-data with a name, a header or name twice, a
 * coding of the content, a multipart in the multipart.
 */
export function readPartHeaders(block: Uint8Array): PartHeaders | string {
  const headers = new Map<string, string>()
  // Folded lines (RFC 822) are still sent by old mail libraries.
  for (const line of decode(block)
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')) {
    if (line === '') continue
    const [, field, rest = ''] = lineForm.exec(line) ?? []
    const value = withoutBlanks(rest)
    if (field === undefined || hasControls(value))
      return 'Send part headers of the form "name: value"'
    const name = field.toLowerCase()
    if (!name.startsWith('content-')) continue
    if (headers.has(name)) return `Send the header ${field.slice(0, 40)} of a part once`
    headers.set(name, value)
  }
  const coding = headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary'
  if (!plainCodings.has(coding)) {
    return `Send the part's bytes as they are, without Content-Transfer-Encoding ${coding.slice(0, 40)}`
  }
  const contentType = headers.get('content-type')
  if (/^multipart\//i.test(contentType ?? ''))
    return 'Send every file of a field as a part of its own'
  const named = readDisposition(headers.get('content-disposition'))
  if (typeof named === 'string' || contentType === undefined || contentType === '') return named
  return { ...named, contentType }
}

function readDisposition(
  value: string | undefined,
): Pick<PartHeaders, 'name' | 'filename'> | string {
  if (value === undefined || !/^form-data\s*(;|$)/i.test(value)) {
    return 'Send Content-Disposition: form-data in every part'
  }
  const parameters = readParameters(value)
  if (parameters === undefined) return 'Cannot read the Content-Disposition of a part'
  const name = readName(parameters.get('name') ?? '')
  if (name === '') return 'Give every part a name'
  const filename = readFilename(parameters)
  if (filename === undefined && parameters.has('filename*'))
    return 'Cannot read the filename* of a part'
  return filename === undefined ? { name } : { name, filename }
}

/** The name of a file by the parameters of a Content-Disposition, `filename*` before `filename`. */
export function readFilename(parameters: ReadonlyMap<string, string>): string | undefined {
  const extended = parameters.get('filename*')
  if (extended !== undefined) return readExtended(extended)
  const plain = parameters.get('filename')
  return plain === undefined ? undefined : readName(plain)
}

/** Undoes what browsers escape (WHATWG HTML, multipart/form-data), and back slashes of others. */
function readName(value: string): string {
  return value
    .replace(/\\(["\\])/g, '$1')
    .replace(/%(22|0D|0A)/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Names are UTF-8 (RFC 7578 §5.1); what cannot be was written by a client of before. */
function decode(block: Uint8Array): string {
  try {
    return utf8.decode(block)
  } catch {
    return latin1.decode(block)
  }
}

/** Without blanks at both ends; an expression for it would take the square of a line's length. */
function withoutBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text[start])) start++
  while (end > start && isBlank(text[end - 1])) end--
  return text.slice(start, end)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true
  }
  return false
}
