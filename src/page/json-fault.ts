/** Where a text stops being JSON; line and column from 1. */
export interface JsonFault {
  readonly offset: number
  readonly line: number
  readonly column: number
  readonly text: string
}

const blank = /[ \t\n\r]*/y
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y

/**
 * The first fault of a text that should be JSON (RFC 8259), undefined where it has none. Browsers say
 * it each in a way of their own, and some without the place.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  let at = 0
  const closers: ('}' | ']')[] = []
  let expected: 'value' | 'first-value' | 'name' | 'first-name' | 'after' = 'value'

  function take(pattern: RegExp): boolean {
    pattern.lastIndex = at
    if (!pattern.test(text)) return false
    at = pattern.lastIndex
    return true
  }
  function takeString(): boolean {
    const end = endOfString(text, at)
    at = end ?? at
    return end !== undefined
  }
  function fault(said: string): JsonFault {
    const before = text.slice(0, at)
    const line = before.split('\n').length
    return { offset: at, line, column: at - before.lastIndexOf('\n'), text: said }
  }

  for (;;) {
    take(blank)
    const character = text[at]
    const closer = closers.at(-1)
    if (expected === 'after' && closer === undefined) {
      return character === undefined ? undefined : fault('Nothing may follow the value')
    }
    if (character === undefined) {
      return fault(closer === undefined ? 'A value is missing' : `"${closer}" is missing`)
    }
    if (character === closer && /^(after|first)/.test(expected)) {
      at++
      closers.pop()
      expected = 'after'
    } else if (expected === 'after') {
      if (character !== ',') return fault(`"," or "${closer}" is missing`)
      at++
      expected = closer === '}' ? 'name' : 'value'
    } else if (expected.endsWith('name')) {
      if (!takeString()) return fault(stringFault(character, 'A name in double quotes is missing'))
      take(blank)
      if (text[at] !== ':') return fault('":" is missing')
      at++
      expected = 'value'
    } else if (character === '{' || character === '[') {
      at++
      closers.push(character === '{' ? '}' : ']')
      expected = character === '{' ? 'first-name' : 'first-value'
    } else {
      if (!takeString() && !take(scalar)) return fault(stringFault(character, 'This is no value'))
      expected = 'after'
    }
  }
}

/**
 * The offset after the string that begins at `start`; undefined where none does, or not a whole one.
 * A loop, as engines need stack for every round of a pattern.
 */
function endOfString(text: string, start: number): number | undefined {
  if (text[start] !== '"') return undefined
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at + 1
    if (code < 0x20) return undefined
    if (code !== 0x5c) continue
    escaped.lastIndex = at
    if (!escaped.test(text)) return undefined
    at = escaped.lastIndex - 1
  }
  return undefined
}

function stringFault(character: string, otherwise: string): string {
  return character === '"' ? 'This string has no end, or a character to escape' : otherwise
}
