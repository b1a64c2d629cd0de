import { jsonForms, urlForms } from './forms.ts'
import { type ShapeName, shapePatterns, type ValueShape } from './shape-patterns.ts'

/** The beginning of a URL that matters. */
export interface Anchor {
  /** The link base as its reader sees it; undefined: a host whose signatures are masked. */
  readonly base?: string
  /** The host ends here, and the URL began some labels before it. */
  readonly below?: boolean
}

export interface AnchorOptions {
  /** URLs whose continuations may be replaced, without a trailing slash. */
  readonly bases: readonly string[]
  /** The same of hosts below these: `https://s3.example` for `https://any.s3.example/…`. */
  readonly below?: readonly string[] | undefined
  /** `host[:port]`, with a path where only a part of the host is ours. */
  readonly signedHosts: readonly string[]
  /** Rules for secrets that are told by their shape. */
  readonly shapes?: readonly ShapeName[]
}

/** The beginnings to look for by their bytes (binary strings), and what tells one set from another. */
export interface Anchors {
  readonly key: string
  readonly patterns: ReadonlyMap<string, Anchor>
  readonly values: ReadonlyMap<string, ValueShape>
}

// Few configurations live in one process; values only, so no request waits for another.
const known = new Map<string, Anchors>()
const MAX_KNOWN = 32

/** All beginnings: bases plain and JSON-escaped, hosts URL-encoded as well. */
export function anchorsOf(options: AnchorOptions): Anchors {
  const { bases, below = [], signedHosts, shapes = [] } = options
  const key = JSON.stringify([bases, below, signedHosts, shapes])
  const before = known.get(key)
  if (before !== undefined) return before
  const patterns = new Map<string, Anchor>()
  function add(forms: Iterable<string>, anchor: Anchor): void {
    for (const bytes of forms) if (!patterns.has(bytes)) patterns.set(bytes, anchor)
  }
  for (const base of bases) add(jsonForms(base, 2), { base })
  for (const base of below) {
    const host = base.replace(/^https?:\/\//, '.')
    add(jsonForms(host, 3), { base, below: true })
    add(urlForms(host), { base, below: true })
  }
  for (const host of signedHosts) {
    for (const scheme of ['https', 'http']) {
      const url = `${scheme}://${host}`
      add(jsonForms(url, 3), {})
      add(urlForms(url), {})
    }
  }
  const anchors = { key, patterns, values: shapePatterns(shapes) }
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(key, anchors)
  return anchors
}
