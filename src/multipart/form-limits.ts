import { GatewayError } from '../errors.ts'

/** What a form may have. */
export interface FormLimits {
  readonly formParts: number
  /** UTF-8 bytes of a field's name, and of a file's. */
  readonly formNameBytes: number
  /** Bytes of a part's headers together. */
  readonly formHeaderBytes: number
  /** Bytes of a part's content. */
  readonly payloadBytes: number
}

const things: Readonly<Record<keyof FormLimits, string>> = {
  formParts: 'Cannot take a form of that many parts',
  formNameBytes: 'Cannot take a name of a form of that many bytes',
  formHeaderBytes: 'Cannot take headers of a part of that many bytes',
  payloadBytes: 'Cannot take a part of that many bytes',
}

/** The error of a form over one of its limits. */
export function overLimit(
  name: keyof FormLimits,
  facts: { readonly limit: number; readonly actual: number; readonly offset: number },
): GatewayError {
  return new GatewayError('body_too_large', `${things[name]}: ${facts.limit} allowed`, {
    limitName: `limits.${name}`,
    ...facts,
  })
}
