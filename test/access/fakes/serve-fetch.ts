import { type Loopback, serveLoopback } from '../../runtimes/loopback.ts'

/** Serves a function of Requests with a real HTTP server; SDKs set their clocks by its Date. */
export async function serveFetch(
  handler: (request: Request) => Promise<Response>,
  now: () => number,
): Promise<Loopback> {
  return await serveLoopback(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const method = incoming.method ?? 'GET'
    const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ])
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method,
      headers: headers.filter(([name]) => !/^(connection|transfer-encoding|expect)$/.test(name)),
      ...(method !== 'GET' && method !== 'HEAD' && { body: Buffer.concat(chunks) }),
    })
    const answer = await handler(request)
    const body = Buffer.from(await answer.arrayBuffer())
    const date = new Date(now()).toUTCString()
    outgoing.writeHead(answer.status, { ...Object.fromEntries(answer.headers), date })
    outgoing.end(body)
  })
}
