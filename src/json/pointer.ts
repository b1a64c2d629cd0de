/** One token of a pattern: a name with its UTF-8 and, where it is one, its array index; or any. */
export interface PatternToken {
  readonly any: boolean
  readonly text: string
  readonly bytes: Uint8Array
  /** The array index that the text spells canonically, or -1. */
  readonly index: number
}

/** A compiled JSON Pointer pattern, matched token by token without making strings. */
export interface PointerPattern {
  readonly tokens: readonly PatternToken[]
}

const encoder = new TextEncoder()
const INDEX = /^(?:0|[1-9]\d{0,14})$/

/**
 * Compiles a JSON Pointer (RFC 6901) in which the token `*` stands for any one token. Throws a
 * TypeError when the text is not a pointer.
 */
export function compilePattern(pattern: string): PointerPattern {
  return {
    tokens: parsePointer(pattern).map((text) => ({
      any: text === '*',
      text,
      bytes: encoder.encode(text),
      index: INDEX.test(text) ? Number(text) : -1,
    })),
  }
}

/** Compiles what lies at patterns, in order of precedence. Throws a TypeError on a faulty pointer. */
export function compileRules<Rule extends { readonly pointer: string }>(
  rules: readonly Rule[],
): { readonly rule: Rule; readonly pattern: PointerPattern }[] {
  return rules.map((rule) => ({ rule, pattern: compilePattern(rule.pointer) }))
}

/** The tokens of a JSON Pointer, unescaped. Throws a TypeError when the text is not a pointer. */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    throw new TypeError(`not a JSON Pointer: ${pointer}`)
  }
  return pointer.slice(1).split('/').map(unescapeToken)
}

/** One token as RFC 6901 spells it. */
export function escapeToken(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1')
}

function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
