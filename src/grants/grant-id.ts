import { decodeBase32, encodeBase32 } from '../bytes/base32.ts'
import { dayNumber, dayOfNumber } from '../store/keys.ts'

/** A new random id whose first two bytes number its day (`YYYY-MM-DD`, UTC). */
export function createGrantId(day: string): string {
  const days = dayNumber(day)
  if (days === undefined) throw new TypeError(`Not a day: ${day}`)
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = days >> 8
  bytes[1] = days & 0xff
  return encodeBase32(bytes).toLowerCase()
}

/** The day of a grant id; undefined when the text is no grant id in its one spelling. */
export function dayOfGrantId(grantId: string): string | undefined {
  if (!/^[a-z2-7]{26}$/.test(grantId)) return undefined
  const bytes = decodeBase32(grantId)
  if (bytes === undefined) return undefined
  return dayOfNumber(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0))
}
