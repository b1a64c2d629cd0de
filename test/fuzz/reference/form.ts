import { Refusal } from './refusal.ts'

/** A part, one character a byte in its content. */
export interface ReadPart {
  readonly name: string
  readonly filename?: string
  readonly contentType?: string
  readonly content: string
}

/** A form as far as it goes, and what is wrong behind that. */
export interface ReadForm {
  readonly parts: readonly ReadPart[]
  readonly refusal: Refusal | undefined
}

export interface ReadFormLimits {
  readonly formParts: number
  readonly formNameBytes: number
  readonly formHeaderBytes: number
  readonly payloadBytes: number
}

const invalid = new Refusal('invalid_form')
const tooLarge = new Refusal('body_too_large')
const nameCharacters =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_!#$%&'*+-.^`|~"

/** Reads a whole form, given with one character a byte. */
export function readForm(body: string, boundary: string, limits: ReadFormLimits): ReadForm {
  const parts: ReadPart[] = []
  try {
    walk(body, boundary, limits, parts)
    return { parts, refusal: undefined }
  } catch (error) {
    if (error instanceof Refusal) return { parts, refusal: error }
    throw error
  }
}

function walk(body: string, boundary: string, limits: ReadFormLimits, parts: ReadPart[]): void {
  const text = `\r\n${body}`
  const delimiter = `\r\n--${boundary}`
  let at = text.indexOf(delimiter)
  if (at < 0 || at - 2 > limits.formHeaderBytes) throw invalid
  for (;;) {
    at += delimiter.length
    if (text.startsWith('--', at)) {
      if (text.length - at - 2 > limits.formHeaderBytes) throw invalid
      return
    }
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) throw invalid
    const padding = text.slice(at, lineEnd)
    if (padding.length > limits.formHeaderBytes || padding.trim() !== '') throw invalid
    for (const character of padding) if (character !== ' ' && character !== '\t') throw invalid
    at = lineEnd + 2

    const start = at
    for (let isEmpty = false; !isEmpty; ) {
      const end = text.indexOf('\n', at)
      const next = end < 0 ? text.length : end + 1
      if (next - start > limits.formHeaderBytes) throw tooLarge
      if (end < 0 || text[end - 1] !== '\r' || end === at) throw invalid
      isEmpty = end - at === 1
      at = next
    }
    const part = readHeaders(text.slice(start, at - 2))
    for (const name of [part.name, part.filename ?? '']) {
      if (Buffer.from(name).length > limits.formNameBytes) throw tooLarge
    }
    if (parts.length === limits.formParts) throw tooLarge

    const next = text.indexOf(delimiter, at - 2)
    if (next < 0) {
      let held = Math.min(delimiter.length, text.length - at)
      while (!text.endsWith(delimiter.slice(0, held))) held--
      throw text.length - at - held > limits.payloadBytes ? tooLarge : invalid
    }
    const content = text.slice(at, Math.max(at, next))
    if (content.length > limits.payloadBytes) throw tooLarge
    parts.push({ ...part, content })
    at = next
  }
}

function readHeaders(block: string): Omit<ReadPart, 'content'> {
  let characters = block
  try {
    characters = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(block, 'latin1'),
    )
  } catch {
    characters = new TextDecoder('latin1').decode(Buffer.from(block, 'latin1'))
  }
  const lines: string[] = []
  for (const line of characters.split('\r\n')) {
    const isFolded = lines.length > 0 && (line.startsWith(' ') || line.startsWith('\t'))
    if (isFolded) lines[lines.length - 1] += line
    else lines.push(line)
  }
  const found: Record<string, string> = Object.create(null)
  for (const line of lines.filter((line) => line !== '')) {
    const colon = line.indexOf(':')
    if (colon < 0) throw invalid
    const name = trimBlanks(line.slice(0, colon)).toLowerCase()
    const value = trimBlanks(line.slice(colon + 1))
    if (line.startsWith(' ') || line.startsWith('\t')) throw invalid
    if (name === '' || ![...name].every((one) => nameCharacters.includes(one))) throw invalid
    if ([...value].some((one) => (one < ' ' && one !== '\t') || one === '\x7f')) throw invalid
    if (!name.startsWith('content-')) continue
    if (name in found) throw invalid
    found[name] = value
  }
  const coding = (found['content-transfer-encoding'] ?? '8bit').toLowerCase()
  if (coding !== '7bit' && coding !== '8bit' && coding !== 'binary') throw invalid
  const contentType = found['content-type'] ?? ''
  if (contentType.toLowerCase().startsWith('multipart/')) throw invalid
  const named = readDisposition(found['content-disposition'] ?? '')
  return contentType === '' ? named : { ...named, contentType }
}

function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  const isBlank = (at: number) => text[at] === ' ' || text[at] === '\t'
  while (start < end && isBlank(start)) start++
  while (end > start && isBlank(end - 1)) end--
  return text.slice(start, end)
}

/** Reads the parameters character by character. */
function readDisposition(value: string): { name: string; filename?: string } {
  const semicolon = value.indexOf(';')
  if (
    value
      .slice(0, semicolon < 0 ? undefined : semicolon)
      .trimEnd()
      .toLowerCase() !== 'form-data'
  ) {
    throw invalid
  }
  const parameters: Record<string, string> = Object.create(null)
  let at = semicolon < 0 ? value.length : semicolon
  const isSpace = () => /^\s$/.test(value[at] ?? '')
  while (at < value.length) {
    let separators = 0
    while (value[at] === ';' || isSpace()) if (value[at++] === ';') separators++
    if (at === value.length) break
    let name = ''
    while (at < value.length && nameCharacters.includes(value[at] ?? '')) name += value[at++]
    while (isSpace()) at++
    if (separators === 0 || !/^[^*]+\*?$/.test(name) || value[at++] !== '=') throw invalid
    while (isSpace()) at++
    let content = ''
    if (value[at] === '"') {
      at++
      for (;;) {
        if (at >= value.length) throw invalid
        if (value[at] === '"') break
        if (value[at] === '\\' && value[at + 1] === '"' && !isEnd(value.slice(at + 2))) {
          content += '\\"'
          at += 2
        } else content += value[at++]
      }
      at++
    } else {
      while (at < value.length && value[at] !== ';' && value[at] !== '"' && !isSpace()) {
        content += value[at++]
      }
      if (content === '') throw invalid
    }
    name = name.toLowerCase()
    if (name in parameters) throw invalid
    parameters[name] = content
  }
  const name = unescapeName(parameters['name'] ?? '')
  if (name === '') throw invalid
  const extended = parameters['filename*']
  if (extended !== undefined) return { name, filename: readExtended(extended) }
  const plain = parameters['filename']
  return plain === undefined ? { name } : { name, filename: unescapeName(plain) }
}

/** Whether a quoted value has ended before this rest. */
function isEnd(rest: string): boolean {
  const text = rest.trimStart()
  if (text === '') return true
  if (text[0] !== ';') return false
  const [name] = text.slice(1).split('=', 1)
  return text.includes('=') && /^\s*[\w!#$&+.^`|~-]+\*?\s*$/.test(name ?? '')
}

function unescapeName(text: string): string {
  let plain = ''
  for (let at = 0; at < text.length; at++) {
    const escaped = text.slice(at, at + 3).toUpperCase()
    if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) plain += text[++at]
    else if (escaped === '%22' || escaped === '%0D' || escaped === '%0A') {
      plain += String.fromCharCode(Number(`0x${escaped.slice(1)}`))
      at += 2
    } else plain += text[at]
  }
  return plain
}

function readExtended(text: string): string {
  const [charset = '', language, ...rest] = text.split("'")
  if (language === undefined || rest.length !== 1 || !/^[\w-]*$/.test(language)) throw invalid
  const bytes: number[] = []
  const value = rest[0] ?? ''
  for (let at = 0; at < value.length; at++) {
    const one = value[at] ?? ''
    if (one === '%') {
      const hex = value.slice(at + 1, at + 3)
      if (!/^[0-9a-f]{2}$/i.test(hex)) throw invalid
      bytes.push(Number(`0x${hex}`))
      at += 2
    } else if (nameCharacters.replace('*', '').replace("'", '').includes(one)) {
      bytes.push(one.charCodeAt(0))
    } else throw invalid
  }
  const encoding = charset.toLowerCase()
  if (encoding === 'iso-8859-1') return Buffer.from(bytes).toString('latin1')
  if (encoding !== 'utf-8') throw invalid
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes))
  } catch {
    throw invalid
  }
}
