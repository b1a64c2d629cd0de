import { GatewayError } from '../errors.ts'

/** `more`: input used up; `full`: the room is used up; `end`: the closing quote has been read. */
export type LiftState = 'more' | 'full' | 'end'

/** Decodes one lifted string, from behind its opening quote to its closing one. */
export interface Lift {
  /** Where in the last input the next byte to read is; behind the quote at the end. */
  readonly at: number
  /** Bytes written into the current room. */
  readonly written: number
  /** Whether what was read of base64 shows the URL-safe alphabet. */
  readonly urlSafe?: boolean
  /** Gives the place for decoded bytes; its length is a multiple of 3, at least 3. */
  room(target: Uint8Array): void
  /**
   * Reads `input[from, to)`, which begins `base + from` bytes into the body. Throws `invalid_json`
   * or `invalid_payload` with pointer and offset.
   */
  run(input: Uint8Array, from: number, to: number, base: number): LiftState
}

/** The error of a string that is no JSON string. */
export function invalidJson(detail: string, offset: number, pointer?: string): GatewayError {
  const where = pointer === undefined || pointer.length > 4096 ? {} : { pointer }
  return new GatewayError('invalid_json', `${detail} at byte ${offset}`, { ...where, offset })
}

/** The error of a lifted string that is not what it has to be. */
export function invalidPayload(detail: string, offset: number, pointer: string): GatewayError {
  return new GatewayError('invalid_payload', `${detail} at byte ${offset}`, { pointer, offset })
}
