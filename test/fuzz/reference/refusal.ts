/** What a reference says of an input that is not to be accepted. */
export class Refusal extends Error {
  /** The codes that are right; more than one where bytes are wrong in two ways at once. */
  readonly codes: readonly string[]

  constructor(...codes: readonly string[]) {
    super(codes.join(' or '))
    this.codes = codes
  }
}
