import { parsePointer } from '../json/pointer.ts'

/** Where a form's field belongs. */
export interface FieldPlace {
  /** Names and indices below `input`, at least one. */
  readonly tokens: readonly string[]
  /** Whether it is one more item of an array. */
  readonly append: boolean
}

/** Tokens of a name: a few bytes of each would be a level of the request, a thousand times over. */
const maxTokens = 32

/**
 * Reads a field's name: `image`, dotted `images.0.image` or `input.image`, `images[]` for an item, or
 * a JSON Pointer `/input/images/0`, of which a last token `-` is an item too. Answers a
 * text for clients where it names no place below `input` or one more than 32 tokens deep.
 */
export function readFieldName(name: string): FieldPlace | string {
  const place = name.startsWith('/') ? fromPointer(name) : fromDots(name)
  if (place === undefined) return 'its name is no place below "input"'
  const { length } = place.tokens
  return length <= maxTokens ? place : `its name leads ${length} levels deep: ${maxTokens} allowed`
}

function fromPointer(name: string): FieldPlace | undefined {
  let tokens: string[]
  try {
    tokens = parsePointer(name)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
  if (tokens.shift() !== 'input') return undefined
  const append = tokens.length > 1 && tokens.at(-1) === '-'
  if (append) tokens.pop()
  return tokens.length === 0 ? undefined : { tokens, append }
}

function fromDots(name: string): FieldPlace | undefined {
  const append = name.endsWith('[]')
  const tokens = (append ? name.slice(0, -2) : name).split('.')
  if (tokens.length > 1 && tokens[0] === 'input') tokens.shift()
  return tokens.includes('') ? undefined : { tokens, append }
}
