type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown

/** What newer browsers have: a number as it was written. */
type RawJson = { rawJSON?: (text: string) => unknown }

/**
 * Parses JSON so that `JSON.stringify` writes every number as it was, also one that has more digits
 * than a double; where the browser cannot, such a number is rounded.
 */
export function parseExactly(text: string): unknown {
  const { rawJSON }: RawJson = JSON as RawJson
  const revive: Reviver = (_, value, context) => {
    const source = context?.source
    if (typeof value !== 'number' || source === undefined || rawJSON === undefined) return value
    return String(value) === source ? value : rawJSON(source)
  }
  return JSON.parse(text, revive)
}
