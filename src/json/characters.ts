/** Character codes the machines of this folder look for. */
export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const SLASH = 0x2f
export const COMMA = 0x2c
export const COLON = 0x3a
export const EQUALS = 0x3d
export const LINE_FEED = 0x0a
export const CARRIAGE_RETURN = 0x0d
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

/** Whether a byte is white space between tokens (RFC 8259 §2). */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
