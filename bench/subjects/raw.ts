import { Agent, createServer, request } from 'node:http'
import { listen, takeCommands } from './control.ts'

/**
 * What the machine can do: a pass-through of `node:http` and nothing else, piped with backpressure
 * to `UPSTREAM`; without one, a server that receives and drops.
 */

const { UPSTREAM = '' } = process.env
const agent = new Agent({ keepAlive: true })

const server = createServer((incoming, response) => {
  if (UPSTREAM === '') {
    incoming.resume()
    incoming.on('end', () => response.end('{"id":"dropped","status":"IN_QUEUE"}'))
    return
  }
  const { host: _, ...headers } = incoming.headers
  const { method = 'GET' } = incoming
  const outgoing = request(`${UPSTREAM}${incoming.url}`, { method, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  incoming.pipe(outgoing)
})
server.requestTimeout = 0

await takeCommands({}, await listen(server))
