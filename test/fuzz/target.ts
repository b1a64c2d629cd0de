/** A part of the gateway beside its slow reference. */
export interface Target {
  /** Inputs to begin with, written with what `check` reads first. */
  readonly seeds: readonly Uint8Array[]
  /** Tokens that an input is likely to need. */
  readonly dictionary: readonly string[]
  /** Runs one input through both. Throws a Disagreement; anything else thrown is a failure too. */
  check(input: Uint8Array): void
}

/** The part and its reference do not say the same. */
export class Disagreement extends Error {
  override name = 'Disagreement' as const
  /** What is different, the same for all inputs that fail alike. */
  readonly about: string

  constructor(about: string, expected: unknown, actual: unknown) {
    super(`${about}\n  expected ${show(expected)}\n  actual   ${show(actual)}`)
    this.about = about
  }
}

/** Throws a Disagreement unless both are equal as JSON text. */
export function agree(about: string, expected: unknown, actual: unknown): void {
  if (show(expected) !== show(actual)) throw new Disagreement(about, expected, actual)
}

/** A seed: bytes for the choices, then text, one byte a character. */
export function seed(choices: readonly number[], text: string): Uint8Array {
  return Uint8Array.from([...choices, ...Buffer.from(text, 'latin1')])
}

/** Bytes as text, one character a byte, so that they can be shown and compared. */
export function latin1(bytes: Iterable<number>): string {
  return Buffer.from(Uint8Array.from(bytes)).toString('latin1')
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
