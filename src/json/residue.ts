import { OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './characters.ts'
import type { LiftRule } from './rules.ts'

/** One string that was lifted out of a document. */
export interface LiftedPayload {
  /** Counted from 0 in document order. */
  readonly index: number
  /** RFC 6901 pointer of the string. */
  readonly pointer: string
  /** The first rule that matches the string, if any. */
  readonly rule?: LiftRule
  /** Named by the data URI, else by the rule. */
  readonly mediaType?: string
  /** `text` is the string's own UTF-8, unescaped. */
  readonly encoding: 'base64' | 'text'
  readonly dataUri: boolean
  /** Whether the base64 shows the URL-safe alphabet (RFC 4648 §5); known at its end. */
  readonly urlSafe?: boolean
}

/** The span of one watched member's value in the residue. */
export interface WatchedMember {
  /** The key, unescaped. */
  readonly name: string
  /** RFC 6901 pointer of the value. */
  readonly pointer: string
  /** Containers around the value: 1 for members of the top-level object. */
  readonly depth: number
  readonly start: number
  readonly end: number
  /** Index of the payload that the value was: then `start` equals `end`. */
  readonly payload?: number
}

/** A string value that begins with the marker of refs. */
export interface FoundRef {
  /** Unescaped; where that is more than 256 bytes in the document, the marker alone. */
  readonly text: string
  /** RFC 6901 pointer of the string. */
  readonly pointer: string
  /** The first rule that matches the string, if any. */
  readonly rule?: LiftRule
  /** Span of the literal in the residue, its quotes included. */
  readonly start: number
  readonly end: number
}

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

/** The kind of the value that `byte` begins; of what begins none, `number`. */
export function kindOf(byte: number): JsonKind {
  if (byte === OPEN_OBJECT) return 'object'
  if (byte === OPEN_ARRAY) return 'array'
  if (byte === QUOTE) return 'string'
  if (byte === 0x6e) return 'null'
  return byte === 0x74 || byte === 0x66 ? 'boolean' : 'number'
}

/** What is left of a document once its payloads are lifted out. */
export interface Residue {
  /** The document without the lifted strings and their quotes, else byte for byte. */
  readonly bytes: Uint8Array
  /** Payloads in document order, and where in `bytes` they were. */
  readonly payloads: readonly { readonly at: number; readonly payload: LiftedPayload }[]
  /** Watched members in the order of their beginnings. */
  readonly members: readonly WatchedMember[]
  /** Refs in document order; only where the splicer was given their marker. */
  readonly refs: readonly FoundRef[]
  readonly topLevel: JsonKind
}
