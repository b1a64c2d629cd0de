/** One query parameter, percent-decoded once; `+` stays a plus sign, as in SigV4. */
export interface QueryPair {
  readonly name: string
  readonly value: string
}

/** Splits a raw query (without `?`) and decodes it once; undefined when an escape is malformed. */
export function parseQuery(raw: string): QueryPair[] | undefined {
  const pairs: QueryPair[] = []
  for (const text of raw.split('&')) {
    if (text === '') continue
    const at = text.indexOf('=')
    const name = decodePercent(at < 0 ? text : text.slice(0, at))
    const value = at < 0 ? '' : decodePercent(text.slice(at + 1))
    if (name === undefined || value === undefined) return undefined
    pairs.push({ name, value })
  }
  return pairs
}

/** Percent-decodes once; undefined when the text is no UTF-8 or an escape is malformed. */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The first value of a parameter; names are case-sensitive. */
export function findQuery(pairs: readonly QueryPair[], name: string): string | undefined {
  return pairs.find((pair) => pair.name === name)?.value
}
