/** States of a JSON number that is read byte by byte (RFC 8259 §6). */
export const MINUS = 1
export const ZERO = 2
export const INTEGER = 3
export const POINT = 4
export const FRACTION = 5
export const EXPONENT = 6
export const SIGN = 7
export const POWER = 8
/** The byte does not belong to the number, which is complete without it. */
export const ENDED = 0
/** The byte can neither continue nor end the number. */
export const BROKEN = -1

/** The state a number begins in, or BROKEN when `byte` begins none. */
export function beginNumber(byte: number): number {
  if (byte === 0x2d) return MINUS
  if (byte === 0x30) return ZERO
  return byte > 0x30 && byte <= 0x39 ? INTEGER : BROKEN
}

/** The state after one more byte, or ENDED or BROKEN. */
export function continueNumber(state: number, byte: number): number {
  const digit = byte >= 0x30 && byte <= 0x39
  switch (state) {
    case INTEGER:
      return digit ? INTEGER : afterWhole(byte)
    case ZERO:
      return digit ? BROKEN : afterWhole(byte)
    case FRACTION:
      return digit ? FRACTION : isE(byte) ? EXPONENT : ENDED
    case POWER:
      return digit ? POWER : ENDED
    case MINUS:
      return beginNumber(byte) === MINUS ? BROKEN : beginNumber(byte)
    case POINT:
      return digit ? FRACTION : BROKEN
    case EXPONENT:
      return digit ? POWER : byte === 0x2b || byte === 0x2d ? SIGN : BROKEN
    default:
      return digit ? POWER : BROKEN
  }
}

/** Whether the document may end in this state. */
export function isCompleteNumber(state: number): boolean {
  return state === ZERO || state === INTEGER || state === FRACTION || state === POWER
}

function afterWhole(byte: number): number {
  return byte === 0x2e ? POINT : isE(byte) ? EXPONENT : ENDED
}

function isE(byte: number): boolean {
  return (byte | 0x20) === 0x65
}
