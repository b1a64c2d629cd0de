import { jsonForms, urlForms } from './forms.ts'
import { type CompiledPatterns, compilePatterns, type Pattern } from './patterns.ts'

/** The beginning of a URL that matters. */
export interface Anchor {
  /** The link base as its reader sees it; undefined: a host whose signatures are masked. */
  readonly base?: string
}

export interface AnchorOptions {
  /** URLs whose continuations may be replaced, without a trailing slash. */
  readonly bases: readonly string[]
  /** `host[:port]`, with a path where only a part of the host is ours. */
  readonly signedHosts: readonly string[]
}

// Few configurations live in one process; values only, so no request waits for another.
const known = new Map<string, CompiledPatterns<Anchor>>()
const MAX_KNOWN = 32

/** The patterns of all beginnings: bases plain and JSON-escaped, hosts URL-encoded as well. */
export function compileAnchors({ bases, signedHosts }: AnchorOptions): CompiledPatterns<Anchor> {
  const key = JSON.stringify([bases, signedHosts])
  const before = known.get(key)
  if (before !== undefined) return before
  const patterns: Pattern<Anchor>[] = []
  for (const base of bases) {
    for (const bytes of jsonForms(base, 2)) patterns.push({ bytes, tag: { base } })
  }
  for (const host of signedHosts) {
    for (const scheme of ['https', 'http']) {
      const url = `${scheme}://${host}`
      for (const forms of [jsonForms(url, 3), urlForms(url)]) {
        for (const bytes of forms) patterns.push({ bytes, tag: {} })
      }
    }
  }
  const compiled = compilePatterns(patterns)
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(key, compiled)
  return compiled
}
