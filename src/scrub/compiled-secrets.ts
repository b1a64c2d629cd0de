import type { Secret } from '../log.ts'
import { type Anchor, type AnchorOptions, type Anchors, anchorsOf } from './anchors.ts'
import { formsOf } from './forms.ts'
import { type CompiledPatterns, compilePatterns } from './patterns.ts'
import type { ValueShape } from './shape-patterns.ts'

/** What was found: of which secret, in which form. */
export interface SecretForm {
  readonly kind: string
  readonly form: string
}

/** What a byte string stands for; the same one may be a secret and the beginning of a URL. */
export interface Target {
  readonly secret?: SecretForm
  readonly anchor?: Anchor
  readonly value?: ValueShape
}

/** The secrets of one grant, made ready to be looked for. */
export interface CompiledSecrets {
  /** Kinds of the literals that are too short to be looked for (under 8 bytes). */
  readonly ignored: readonly string[]
  /** One set of patterns for the secrets and these URLs, so that one pass finds both; remembered. */
  with(options: AnchorOptions): CompiledPatterns<Target>
}

/** Prepares the secrets of a grant; costs up to a millisecond each, so keep it with the grant. */
export function compileSecrets(
  secrets: readonly { readonly kind: string; readonly value: Secret }[],
): CompiledSecrets {
  const found = new Map<string, SecretForm>()
  const ignored: string[] = []
  for (const { kind, value } of secrets) {
    const forms = formsOf(value.reveal())
    if (forms.length === 0) ignored.push(kind)
    for (const { name, bytes } of forms) {
      if (!found.has(bytes)) found.set(bytes, { kind, form: name })
    }
  }
  let last: { readonly key: string; readonly patterns: CompiledPatterns<Target> } | undefined
  return {
    ignored,
    with(options) {
      const anchors = anchorsOf(options)
      const { key } = anchors
      if (last?.key !== key) last = { key, patterns: compilePatterns(targets(found, anchors)) }
      return last.patterns
    },
  }
}

function targets(
  secrets: ReadonlyMap<string, SecretForm>,
  { patterns, values }: Anchors,
): { bytes: string; tag: Target }[] {
  const all = new Map<string, Target>()
  for (const [bytes, secret] of secrets) all.set(bytes, { secret })
  for (const [bytes, anchor] of patterns) all.set(bytes, { ...all.get(bytes), anchor })
  for (const [bytes, value] of values) all.set(bytes, { ...all.get(bytes), value })
  return Array.from(all, ([bytes, tag]) => ({ bytes, tag }))
}
