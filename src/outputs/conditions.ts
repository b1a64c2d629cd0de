/** Conditions of RFC 9110 §13 and §14 that a store is asked with, and what it cannot be asked. */

const conditions = ['range', 'if-none-match', 'if-modified-since', 'if-match']

/**
 * The conditions of a request in ways that every store knows: If-Range is If-Match, to be left out
 * with the range where it does not hold.
 */
export function conditionsOf(headers: Headers, withRange = true): Record<string, string> {
  const asked: Record<string, string> = {}
  for (const name of conditions) {
    const value = headers.get(name)
    if (value !== null && (withRange || name !== 'range')) asked[name] = value
  }
  const ifRange = headers.get('if-range')
  if (ifRange === null || !withRange) return asked
  if (isOnlyForRange(headers)) asked['if-match'] = ifRange
  // Of a date, or beside other conditions, the whole is always a right answer.
  else delete asked['range']
  return asked
}

/** Whether If-Range holds a strong ETag, and If-Match is free to be used for it. */
export function isOnlyForRange(headers: Headers): boolean {
  const isStrong = headers.get('if-range')?.startsWith('"') === true
  return isStrong && headers.has('range') && !headers.has('if-match')
}

/**
 * If-Unmodified-Since (RFC 9110 §13.1.4), in the seconds that Last-Modified tells: some stores compare
 * their milliseconds with it.
 */
export function hasChangedSince(asked: Headers, stored: Headers): boolean {
  if (asked.has('if-match')) return false
  const since = Date.parse(asked.get('if-unmodified-since') ?? '')
  return Date.parse(stored.get('last-modified') ?? '') > since
}
