import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { type HttpBindings, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { takeCommands } from '../subjects/control.ts'

/**
 * A proxy as one writes it in Hono, with the gateway's own upstream client (`node:http`, kept
 * connections): the request is piped to `UPSTREAM`, the answer is a stream. It looks at nothing.
 */

const { UPSTREAM = '' } = process.env
const agent = new Agent({ keepAlive: true })
const app = new Hono<{ Bindings: HttpBindings }>()

app.all(
  '*',
  ({ env: { incoming } }) =>
    new Promise<Response>((resolve, reject) => {
      const { host: _, ...headers } = incoming.headers
      const { method = 'GET' } = incoming
      const outgoing = request(
        `${UPSTREAM}${incoming.url}`,
        { method, headers, agent },
        (answer) => {
          const passed = new Headers()
          for (const [name, value] of Object.entries(answer.headers)) {
            if (typeof value === 'string' && name !== 'connection' && name !== 'keep-alive') {
              passed.set(name, value)
            }
          }
          const body = Readable.toWeb(answer) as unknown as BodyInit
          resolve(new Response(body, { status: answer.statusCode ?? 502, headers: passed }))
        },
      )
      outgoing.on('error', reject)
      incoming.pipe(outgoing)
    }),
)

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  void takeCommands({}, `http://127.0.0.1:${port}`)
})
