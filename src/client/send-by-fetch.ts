import { BulkwayError } from './bulkway-error.ts'
import { ownHeaders, type SendPart, shownCharacters } from './send-part.ts'
import { blobOf } from './source.ts'

/** Bytes a second that the slowest line is trusted to carry, as `fetch` tells no progress of a body. */
const slowestRate = 16_384

/** Sends parts by `fetch`, which knows a body's length only of a Blob. */
export function sendByFetch(fetch: typeof globalThis.fetch): SendPart {
  return async ({ url, headers, body, signal, stallMs }) => {
    const blob = await blobOf(body)
    const stalled = AbortSignal.timeout(Math.ceil(stallMs + (body.size / slowestRate) * 1_000))
    try {
      const response = await fetch(url, {
        method: 'PUT',
        headers: ownHeaders(headers),
        body: blob,
        signal: AbortSignal.any([signal, stalled]),
      })
      const text = response.ok ? '' : (await response.text()).slice(0, shownCharacters)
      if (response.ok) await response.body?.cancel()
      return {
        status: response.status,
        etag: response.headers.get('etag') ?? undefined,
        retryAfter: response.headers.get('retry-after') ?? undefined,
        text,
      }
    } catch (cause) {
      signal.throwIfAborted()
      throw new BulkwayError('network_error', 0, 'Cannot reach the store', { cause })
    }
  }
}
