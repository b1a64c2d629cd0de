import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What a process of the bench does when it is asked, by name; answers are JSON. */
export type Commands = Readonly<Record<string, (facts: never) => unknown>>

/**
 * Takes commands beside the process's own work, on a port of its own, and says on standard output
 * where that and `url`, the work itself, are found.
 */
export async function takeCommands(commands: Commands, url = ''): Promise<void> {
  const server = createServer(async (request, response) => {
    try {
      const command = commands[(request.url ?? '/').slice(1)]
      if (command === undefined) throw new Error(`No command ${request.url}`)
      const facts = JSON.parse((await text(request)) || 'null')
      response.end(JSON.stringify((await command(facts as never)) ?? null))
    } catch (error) {
      response.statusCode = 500
      response.end(error instanceof Error ? error.stack : String(error))
    }
  })
  server.requestTimeout = 0
  // An orderly end: a profile asked for (`--cpu-prof`) is written then.
  process.once('SIGTERM', () => process.exit(0))
  const control = await listen(server)
  process.stdout.write(`ready ${JSON.stringify({ control, url })}\n`)
}

/** Listens on any free port of loopback; resolves to the URL. */
export async function listen(server: Server): Promise<string> {
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
