import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import zlib from 'node:zlib'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { SPELLERS } from '../scrub/planted-spellings.ts'
import type { Answer } from './call.ts'
import { useStack } from './harness.ts'
import { secretsIn } from './secret-forms.ts'

/** How the workers answer next. */
interface Mode {
  coding: string
  status: number
  type: string
}

const plain: Mode = { coding: 'identity', status: 200, type: 'application/json' }
const clientKey = `bw_${'c'.repeat(43)}`
const upstreamKey = 'rpa_OFTHEGATEWAY+ALONE/0123456789'
let mode: Mode = plain
/** Secrets of the request that was answered last, and the answer before its coding. */
let secrets: Record<string, string> = {}
let sent = ''

const codings: Readonly<Record<string, (text: string) => Buffer>> = {
  identity: (text) => Buffer.from(text),
  gzip: (text) => zlib.gzipSync(text),
  deflate: (text) => zlib.deflateSync(text),
  br: (text) => zlib.brotliCompressSync(text),
}

/** Every secret in every spelling, as the text of one JSON string. */
function leak(): string {
  return Object.values(secrets)
    .flatMap((secret) => SPELLERS.map(({ spell }) => spell(secret).text))
    .join(' | ')
}

async function work(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const links = text.matchAll(/\/files\/([^/"]+)\//g)
  secrets = { key: request.headers.authorization?.replace('Bearer ', '') ?? '' }
  for (const [at, [, sealed = '']] of [...links].entries()) secrets[`link ${at}`] = sealed
  const { coding, status, type } = mode
  const said = `"said":"${leak()}","url":"https://other.example/k?Signature=kept"`
  sent = type.includes('json') ? `{"ok":true,${said}}` : `data: {${said}}\n\n`
  const body = codings[coding]?.(sent) ?? Buffer.alloc(0)
  response.statusCode = status
  response.setHeader('content-type', type)
  if (coding !== 'identity') response.setHeader('content-encoding', coding)
  const every = Object.values(secrets)
  response.setHeader('x-tenant', every.map((one) => `${one} ${encodeURIComponent(one)}`).join())
  response.setHeader('location', `/next?given=${every.map(encodeURIComponent).join()}`)
  response.end(body)
}

const server = createServer((request, response) => {
  work(request, response).catch(() => response.destroy())
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = address === null || typeof address === 'string' ? 0 : address.port

const rules = [{ pointer: '/images/*', stage: true }]
const loadBalancer = { upstream: `http://127.0.0.1:${port}/{endpointId}`, headers: ['x-tenant'] }
const stack = useStack({
  worker: 'none',
  env: { BULKWAY_UPSTREAM_KEY: upstreamKey },
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      '*': { ...document.endpoints['*'], upstreamKey: { env: 'BULKWAY_UPSTREAM_KEY' } },
      leaky: { as: 'url', loadBalancer: { ...loadBalancer, rules } },
    },
    auth: {
      mode: 'keys',
      keys: [
        {
          name: 'client',
          sha256: createHash('sha256').update(clientKey).digest('hex'),
          endpoints: ['*'],
        },
      ],
    },
  }),
})

const image = Buffer.alloc(600, 'image').toString('base64')
const staged = JSON.stringify({ images: [image, image] })
/** A request, and how many links the workers get with it. */
interface Sent {
  readonly method: string
  readonly name: string
  readonly links: number
  readonly body?: string
}

const requests: readonly Sent[] = [
  { method: 'GET', name: 'without a body', links: 0 },
  { method: 'POST', name: 'of which nothing is staged', links: 0, body: '{"prompt":"x"}' },
  { method: 'POST', name: 'of which images are staged', links: 2, body: staged },
  { method: 'PUT', name: 'of which images are staged', links: 2, body: staged },
]

beforeEach(() => {
  mode = { ...plain }
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Fails unless the answer is what was sent, without a secret and as long. */
function expectClean(answer: Answer, links: number): void {
  expect(answer.status, answer.text.slice(0, 500)).toBe(mode.status)
  expect(Object.keys(secrets)).toHaveLength(1 + links)
  expect(secrets['key']).toBe(upstreamKey)
  const text = `${JSON.stringify(answer.headers)}${answer.text}`
  expect(secretsIn(text, secrets)).toEqual([])
  for (const secret of Object.values(secrets)) {
    for (const { name, spell } of SPELLERS) {
      const { text: spelt, from, to } = spell(secret)
      expect(text.includes(spelt.slice(from, to)), name).toBe(false)
    }
  }
  expect(answer.bytes.length).toBe(Buffer.byteLength(sent))
  expect(answer.text.replace(/\*+/g, '').length).toBeLessThan(sent.length / 2)
  expect(answer.text).toContain('https://other.example/k?Signature=kept')
  expect(answer.headers['content-encoding'] ?? 'identity').toBe('identity')
  expect(answer.headers['x-tenant']).toContain('*')
}

describe.each(Object.keys(codings))('an answer of workers in %s', (coding) => {
  describe.each(requests)('to a $method $name', ({ method, links, body }) => {
    const ask = () =>
      stack.call(method, '/lb/leaky/generate', {
        key: clientKey,
        ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
      })

    test.each([200, 400, 500])('comes without a secret at status %i', async (status) => {
      mode = { ...plain, coding, status }
      expectClean(await ask(), links)
    })

    test.each(['text/plain', 'text/event-stream'])('of %s comes without one', async (type) => {
      mode = { ...plain, coding, type }
      expectClean(await ask(), links)
    })
  })
})
