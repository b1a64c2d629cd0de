/**
 * What workerd can do at most: a request body is read with one buffer and dropped; a GET is relayed
 * from `UPSTREAM` with one buffer through an IdentityTransformStream.
 */

const readBytes = 524_288

export default {
  async fetch(request, env, context): Promise<Response> {
    if (request.body !== null) {
      await drain(request.body)
      return Response.json({ id: 'dropped', status: 'IN_QUEUE' })
    }
    const { pathname, search } = new URL(request.url)
    const { body, headers, status } = await fetch(`${env.UPSTREAM}${pathname}${search}`)
    if (body === null) return new Response(null, { status })
    const { readable, writable } = new IdentityTransformStream()
    context.waitUntil(relay(body, writable))
    return new Response(readable, { status, headers })
  },
} satisfies ExportedHandler<{ readonly UPSTREAM: string }>

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader({ mode: 'byob' })
  let view = new Uint8Array(readBytes)
  for (;;) {
    const { value, done } = await reader.read(view)
    if (done || value === undefined) return
    view = new Uint8Array(value.buffer)
  }
}

async function relay(
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const reader = body.getReader({ mode: 'byob' })
  const writer = writable.getWriter()
  let view = new Uint8Array(readBytes)
  for (;;) {
    const { value, done } = await reader.read(view)
    if (done || value === undefined) break
    await writer.write(value)
    view = new Uint8Array(value.buffer)
  }
  await writer.close()
}
