import { parsePointer } from '../json/pointer.ts'

/** Where a form's field belongs. */
export interface FieldPlace {
  /** Names and indices below `input`, at least one. */
  readonly tokens: readonly string[]
  /** Whether it is one more item of an array. */
  readonly append: boolean
}

/**
 * Reads a field's name: `image`, dotted `images.0.image` or `input.image`, `images[]` for an item, or
 * a JSON Pointer `/input/images/0`, of which a last token `-` is an item too. Undefined where it
 * names no place below `input`.
 */
export function readFieldName(name: string): FieldPlace | undefined {
  return name.startsWith('/') ? fromPointer(name) : fromDots(name)
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
