import type { Body, OutgoingBody, Platform, Reply } from '../platform.ts'

/** A reply whose body is read chunk by chunk. */
export type StreamedReply = Reply & { readonly body: Body | OutgoingBody }

const withoutBody = new Set([101, 204, 205, 304])

/**
 * Turns a flow's reply into a Response; bodies stay streams, or leave by `stream` where the runtime
 * has a shorter way.
 */
export function respond(
  reply: Reply,
  platform: Platform,
  method = 'GET',
  stream?: (reply: StreamedReply) => Response,
): Response {
  const { status, headers, body } = reply
  if (!withoutBody.has(status) && method !== 'HEAD') {
    if (stream !== undefined && isStreamed(reply)) return stream(reply)
    return new Response(nativeBody(reply, platform), { status, headers })
  }
  // Nobody will read it: its connection must not wait for that.
  if (body !== undefined && 'cancel' in body) platform.waitUntil(body.cancel())
  return new Response(null, { status, headers })
}

function isStreamed(reply: Reply): reply is StreamedReply {
  return reply.body !== undefined && !(reply.body instanceof Uint8Array)
}

function nativeBody({ body }: Reply, platform: Platform): BodyInit | null {
  if (body === undefined) return null
  if (body instanceof Uint8Array) return unshared(body)
  return 'stream' in body ? body.stream() : platform.toStream(body)
}

/** The same bytes, copied only out of memory that threads share, which no Response takes. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(bytes)
}
