/** The gateway that is written in an afternoon: the body is parsed whole, its payloads decoded whole. */
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { listen, takeCommands } from '../subjects/control.ts'
import { forward, giantCharacters, putPayload } from './staging.ts'

const app = new Hono()

app.post('/v2/:endpoint/run', async (context) => {
  const body: { input: Record<string, unknown> } = await context.req.json()
  for (const [name, value] of Object.entries(body.input)) {
    if (typeof value !== 'string' || value.length < giantCharacters) continue
    body.input[name] = await putPayload(Buffer.from(value, 'base64'))
  }
  return await forward(context.req.path, JSON.stringify(body))
})

app.onError((error, context) => context.text(error.message, 500))

const server = createAdaptorServer(app)
await takeCommands({}, await listen(server as import('node:http').Server))
