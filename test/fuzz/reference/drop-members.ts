/** What is left of valid JSON text, one byte a character, and what its top level says. */
export interface Dropped {
  readonly text: string
  readonly id: string | undefined
  readonly status: string | undefined
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[ \n\r\t]+|[^ \n\r\t{}[\],:"]+/gs

/**
 * Drops the members of that name whose values are objects, from the comma before the key to the
 * value's end; where nothing is left before it, from the key to the comma behind the value.
 */
export function dropMembers(source: string, isDropped: (name: string) => boolean): Dropped {
  const tokens = source.match(TOKENS) ?? []
  let at = 0
  let depth = 0
  let id: string | undefined
  let status: string | undefined

  const space = (): string => (/^[ \n\r\t]/.test(tokens[at] ?? '') ? (tokens[at++] ?? '') : '')
  const token = (): string => tokens[at++] ?? ''

  function value(): string {
    if (tokens[at] === '{') return object()
    if (tokens[at] !== '[') return token()
    depth++
    let text = token()
    while (tokens[at] !== ']') text += tokens[at] === ',' ? token() : space() || value()
    depth--
    return text + token()
  }

  /** Whether the member whose key is next is to be dropped. */
  function goes(): boolean {
    const [key = '', ...rest] = tokens.slice(at, at + 5).filter((one) => one.trim() !== '')
    return rest[1] === '{' && isDropped(said(key))
  }

  function member(): string {
    const key = token()
    const between = space() + token() + space()
    const text = value()
    if (depth === 1 && text.startsWith('"') && text.length - 2 <= 1024) {
      if (said(key) === 'id') id ??= said(text)
      if (said(key) === 'status') status = said(text)
    }
    return key + between + text
  }

  function object(): string {
    depth++
    let text = token() + space()
    let isFirst = true
    while (tokens[at] !== '}') {
      const isKept = !goes()
      const found = member()
      if (isKept) text += found
      if (isKept) isFirst = false
      const before = space()
      const comma = tokens[at] === ',' ? token() + space() : ''
      if (comma === '') text += before
      else if (isFirst) text += comma.slice(1)
      else text += before + (goes() ? '' : comma)
    }
    depth--
    return text + token()
  }

  let text = space()
  const isObject = tokens[at] === '{'
  text += value() + space()
  return isObject ? { text, id, status } : { text, id: undefined, status: undefined }
}

function said(token: string): string {
  return JSON.parse(Buffer.from(token, 'latin1').toString())
}
