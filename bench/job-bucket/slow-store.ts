import { Agent, createServer, request } from 'node:http'
import { listen, takeCommands } from '../subjects/control.ts'

/**
 * A proxy before a store (`STORE`) that makes each call last some milliseconds longer (`DELAY_MS`).
 * Command `take` gives and forgets how many calls there were.
 */

const { STORE = '', DELAY_MS = '0' } = process.env
const agent = new Agent({ keepAlive: true })
let calls = 0

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', () => {
    calls++
    setTimeout(() => {
      const { method = 'GET', headers } = incoming
      const outgoing = request(`${STORE}${incoming.url}`, { method, headers, agent }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      outgoing.on('error', () => response.destroy())
      outgoing.end(Buffer.concat(chunks))
    }, Number(DELAY_MS))
  })
})

await takeCommands(
  {
    take() {
      const taken = { calls }
      calls = 0
      return taken
    },
  },
  await listen(server),
)
