import { GatewayError } from '../errors.ts'
import type { Body, IncomingResponse, Platform } from '../platform.ts'

/** Codings that may lie upon each other; more is an attack. */
const codingsMost = 2

/**
 * An answer that can be read: its content coding undone, though upstream was asked for none. Chunk
 * by chunk, so that what a few bytes unfold to is never in memory whole.
 *
 * @throws {GatewayError} upstream_unreachable for a coding that this runtime cannot undo
 */
export async function decodedAnswer(
  platform: Platform,
  response: IncomingResponse,
): Promise<IncomingResponse> {
  const codings = codingsOf(response.headers)
  if (codings.length === 0) return response
  try {
    const body = decodedBody(platform, response.body, codings, 'answer')
    const headers = new Headers(response.headers)
    headers.delete('content-encoding')
    headers.delete('content-length')
    return { status: response.status, headers, body }
  } catch (error) {
    await response.body.cancel(error)
    throw error
  }
}

/** The same for the body of a request, such as a webhook. */
export function decodedRequest(platform: Platform, headers: Headers, body: Body): Body {
  return decodedBody(platform, body, codingsOf(headers), 'request')
}

function decodedBody(
  platform: Platform,
  source: Body,
  codings: readonly string[],
  of: 'answer' | 'request',
): Body {
  let body = source
  // The last one was put on last.
  for (const coding of codings.toReversed()) {
    const decoded = codings.length > codingsMost ? undefined : platform.decode?.(body, coding, of)
    if (decoded === undefined) {
      const name = /^[a-z-]{1,16}$/.test(coding) ? coding : 'unknown'
      throw new GatewayError(
        'upstream_unreachable',
        `Cannot read an answer in the coding ${name}, which this runtime cannot undo`,
      )
    }
    body = decoded
  }
  return codings.length === 0 ? body : namingFaults(body)
}

function codingsOf(headers: Headers): string[] {
  const value = headers.get('content-encoding')?.toLowerCase() ?? ''
  const codings = value.split(',').map((coding) => coding.trim())
  return codings.filter((coding) => coding !== '' && coding !== 'identity')
}

function namingFaults(body: Body): Body {
  return {
    ...body,
    async read() {
      try {
        return await body.read()
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause
        throw new GatewayError('upstream_unreachable', 'Cannot read the compressed answer', {
          cause,
        })
      }
    },
  }
}
