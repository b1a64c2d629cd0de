import type { PointerPattern } from './pointer.ts'
import type { Trail } from './trail.ts'

/** How values at a JSON Pointer pattern are treated: an endpoint's rule, as configured. */
export interface LiftRule {
  readonly pointer: string
  /** True: always lifted; false: never; absent: by size and form. */
  readonly stage?: boolean
  readonly mediaType?: string
  readonly encoding: 'base64' | 'text'
  /** Where only data URIs are lifted by size, bare base64 is too. */
  readonly bare?: boolean
  readonly as?: 'key' | 's3-uri' | 'url' | 'original' | 'path'
}

/** Rules ready for matching, in order of precedence; `compileRules` makes them. */
export type CompiledRules = readonly {
  readonly rule: LiftRule
  readonly pattern: PointerPattern
}[]

/** Whether a rule can decide before a string's size and form are known. */
export function decidesEarly(rules: CompiledRules): boolean {
  return rules.some(
    ({ rule }) => rule.stage === true || rule.bare === true || rule.encoding === 'text',
  )
}

/** The first rule that matches the value now being read. */
export function firstRule(
  rules: CompiledRules,
  trail: Trail,
  text: Uint8Array,
): LiftRule | undefined {
  for (const { rule, pattern } of rules) {
    if (trail.matches(pattern, text)) return rule
  }
  return undefined
}
