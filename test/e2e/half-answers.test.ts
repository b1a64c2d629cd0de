import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'

const halves = {
  status: '{"id":"job-1","status":"COMPLETED","output":"half of',
  stream: '{"status":"COMPLETED","stream":[{"output":"one"},{"output":"tw',
}
const whole = JSON.stringify({ id: 'job-1', status: 'COMPLETED', output: 'x'.repeat(100_000) })

/** Path of the gateway's webhook that the last job was given, and what came to the client's. */
let webhookPath = ''
let hooked: string[] = []
let jobs = 0

/** A platform that begins to say how a job has ended, and falls silent. */
async function platform(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const [, route = ''] = /^\/v2\/half\/(\w+)/.exec(request.url ?? '') ?? []
  response.setHeader('content-type', 'application/json')
  if (request.url === '/hook') hooked.push(text)
  if (route === 'run') {
    webhookPath = new URL(JSON.parse(text).webhook).pathname
    response.end(`{"id":"job-${++jobs}","status":"IN_QUEUE"}`)
  } else if (route === 'status' || route === 'stream') {
    response.write(halves[route])
  } else response.end('{}')
}

const server = createServer((request, response) => {
  platform(request, response).catch(() => response.destroy())
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const stack = useStack({
  worker: 'none',
  config: (document) => ({
    ...document,
    limits: { idleTimeoutMs: 3_000, upstreamIdleTimeoutMs: 2_000 },
    endpoints: {
      ...document.endpoints,
      half: { upstream: `${base}/v2`, as: 'key', s3Config: 'always' },
    },
  }),
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** A job of its own, so that nothing is kept of another's end. */
async function submit(webhook?: string): Promise<string> {
  return await stack.submitted('half', { input: { a: 1 }, ...(webhook && { webhook }) })
}

const keptKeys = async () =>
  (await stack.bucket.keys()).filter((key) => /^results\/|\/webhook\//.test(key))

describe('An answer about a job that stays half', () => {
  test('is a 502 where it is held', async () => {
    const id = await submit()
    const answer = await stack.call('GET', `/v2/half/status/${id}`)
    expect(answer.status, answer.text).toBe(502)
    expect(json(answer)).toMatchObject({ code: 'upstream_unreachable' })
    expect(answer.text).not.toContain('half of')
  }, 20_000)

  test('breaks off where it is passed on as it comes', async () => {
    const id = await submit()
    const answer = await stack.call('GET', `/v2/half/stream/${id}`).catch((error: unknown) => error)
    if (!(answer instanceof Error)) expect(answer).toMatchObject({ status: 502 })
    expect(await keptKeys()).toEqual([])
  }, 20_000)
})

describe('A webhook of which half comes', () => {
  let head: string
  let text: string

  beforeEach(async () => {
    hooked = []
    const id = await submit(`${base}/hook`)
    text = whole.replace('job-1', id)
    head = [
      `POST ${webhookPath} HTTP/1.1`,
      `host: ${new URL(stack.url).host}`,
      'content-type: application/json',
      `content-length: ${text.length}`,
      '\r\n',
    ].join('\r\n')
  })

  /** Sends half of it; resolves to what the gateway says before the connection is over. */
  async function sendHalf(isLeft: boolean): Promise<string> {
    const { hostname, port } = new URL(stack.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    let said = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      said += chunk
      socket.end()
    })
    socket.write(`${head}${text.slice(0, 50_000)}`)
    // By then the gateway is reading it.
    if (isLeft) setTimeout(() => socket.destroy(), 500)
    await once(socket, 'close')
    return said
  }

  test.each([
    ['and whose sender leaves', true],
    ['and nothing more', false],
  ])(
    '%s is neither kept nor sent, and is taken when it comes whole',
    async (_name, isLeft) => {
      const said = await sendHalf(isLeft)
      expect(said).not.toMatch(/^HTTP\/1.1 2/)
      expect(hooked).toEqual([])
      expect(await keptKeys()).toEqual([])

      const answer = await stack.call('POST', webhookPath, { body: text })
      expect(answer.status, answer.text).toBe(200)
      expect(hooked).toEqual([text])
      expect(await keptKeys()).toHaveLength(1)
      await stack.expectNothingLeft()
    },
    30_000,
  )
})
