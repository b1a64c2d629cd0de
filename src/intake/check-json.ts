import { GatewayError } from '../errors.ts'
import { JsonSplicer } from '../json/splicer.ts'
import type { BytePrimitives } from '../platform.ts'

/** What a JSON text may be. */
export interface JsonLimits {
  /** Containers that may lie in each other. */
  readonly nesting: number
  /** Raw bytes a key may have between its quotes. */
  readonly keyBytes: number
}

/**
 * Whether a text is JSON, and of which kind; otherwise what is wrong with it, for clients. Nothing of
 * it is made: a value of many small ones would be many times as large as its text.
 */
export function checkJson(
  text: Uint8Array,
  limits: JsonLimits,
  bytes: BytePrimitives,
): { readonly kind: string } | { readonly fault: string } {
  const splicer = new JsonSplicer({
    ...limits,
    bytes,
    residueMaxBytes: text.length,
    stageMinBytes: text.length,
    lift: false,
    rules: [],
    watch: new Set(),
  })
  try {
    if (text.length > 0) splicer.push(text)
    while (splicer.step().kind !== 'more');
    return { kind: splicer.end().topLevel }
  } catch (error) {
    if (error instanceof GatewayError) return { fault: error.detail }
    throw error
  }
}
