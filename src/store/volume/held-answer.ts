import { onceBody } from '../../bytes/once-body.ts'
import { readCapped } from '../../bytes/read-capped.ts'
import { GatewayError } from '../../errors.ts'
import type { IncomingResponse } from '../../platform.ts'
import { storeUnavailable } from '../store-fault.ts'

/** An answer whose body was read: its text, and the answer to give on. */
export interface HeldAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly answer: IncomingResponse
}

/**
 * Reads an answer's small body whole.
 * @throws {GatewayError} store_unavailable
 */
export async function holdAnswer(
  { status, headers, body }: IncomingResponse,
  maxBytes: number,
): Promise<HeldAnswer> {
  const over = () => storeUnavailable(new Error(`The answer is larger than ${maxBytes} bytes`))
  try {
    const bytes = await readCapped(body, maxBytes, over)
    const text = new TextDecoder().decode(bytes)
    return { status, headers, text, answer: { status, headers, body: onceBody(bytes) } }
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : storeUnavailable(cause)
  }
}

/** An answer in XML, as a store would give it. */
export function xmlAnswer(status: number, text: string, headers?: Headers): IncomingResponse {
  const own = new Headers(headers)
  own.delete('content-length')
  own.delete('content-encoding')
  own.set('content-type', 'application/xml')
  return { status, headers: own, body: onceBody(new TextEncoder().encode(text)) }
}
