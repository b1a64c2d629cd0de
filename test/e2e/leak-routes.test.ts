import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import zlib from 'node:zlib'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { SPELLERS } from '../scrub/planted-spellings.ts'
import type { Answer } from './call.ts'
import { useStack } from './harness.ts'
import { secretsIn } from './secret-forms.ts'

/** How the platform answers next. */
interface Mode {
  coding: string
  status: number
}

const plain: Mode = { coding: 'identity', status: 200 }
let mode: Mode = { ...plain }
/** Secrets of every job, those of the one that was answered of last, and that body before its coding. */
const known = new Map<string, Record<string, string>>()
let secrets: Record<string, string> = {}
let sent = ''
let asked: string[] = []
let jobs = 0
let batches = 0
/** The last webhook that came to the client. */
let hooked = ''

const codings: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: (text) => zlib.gzipSync(text),
  deflate: (text) => zlib.deflateSync(text),
  br: (text) => zlib.brotliCompressSync(text),
  zstd: (text) => zlib.zstdCompressSync(text),
}

/** Every secret in every spelling, as the text of one JSON string. */
function leak(): string {
  return Object.values(secrets)
    .flatMap((secret) => SPELLERS.map(({ spell }) => spell(secret).text))
    .join(' | ')
}

/** What a job was given to keep to itself. */
function givenIn(body: string): Record<string, string> {
  const sent = JSON.parse(body)
  const { s3Config, webhook } = (Array.isArray(sent) ? sent : sent.requests)?.[0] ?? sent
  const token = new URL(webhook).pathname.split('/').at(-1) ?? ''
  return { accessId: s3Config.accessId, accessSecret: s3Config.accessSecret, token }
}

function bodyFor(path: string, body: string): string {
  const named = path.split('/').find((part) => /^(?:job-|batch_)/.test(part))
  const made = path.endsWith('/batch') ? `batch_${++batches}` : `job-${++jobs}`
  const job = named ?? (path.endsWith('requests') ? 'job-1' : made)
  if (body.includes('s3Config')) known.set(job, givenIn(body))
  secrets = known.get(job) ?? {}
  const said = `"output":{"said":"${leak()}","url":"https://other.example/k?Signature=kept"}`
  if (mode.status !== 200) return `{"error":"Traceback: ${leak()}"}`
  if (/\/stream\//.test(path)) return `{"status":"IN_PROGRESS","stream":[{${said}}]}`
  if (/\/requests$/.test(path)) {
    const id = path.includes('batch') ? `item-${++jobs}` : 'job-1'
    return `{"requests":[{"id":"${id}","status":"IN_PROGRESS",${said}}],"total":1}`
  }
  return `{"id":"${job}","status":"IN_PROGRESS",${said}}`
}

async function platform(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '/' } = request
  const [path = ''] = url.split('?')
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  if (path.endsWith('/health')) {
    response.end('{"jobs":{},"workers":{}}')
    return
  }
  if (path === '/hook') {
    hooked = Buffer.concat(chunks).toString()
    response.end('thanks')
    return
  }
  asked.push(path)
  sent = bodyFor(path, Buffer.concat(chunks).toString())
  const { coding, status } = mode
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  if (coding !== 'identity') response.setHeader('content-encoding', coding)
  const [first = ''] = Object.values(secrets)
  response.setHeader('x-runpod-said', `${first} ${encodeURIComponent(first)}`)
  response.end(codings[coding]?.(sent) ?? sent)
}

const server = createServer((request, response) => {
  platform(request, response).catch(() => response.destroy())
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = address === null || typeof address === 'string' ? 0 : address.port

const stack = useStack({
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      leaky: { upstream: `http://127.0.0.1:${port}/v2`, as: 'key', s3Config: 'always' },
    },
  }),
})

beforeEach(async () => {
  mode = { ...plain }
  if (!known.has('job-1')) await stack.call('POST', '/v2/leaky/run', { body: input })
  asked = []
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Fails where a text holds a secret of the job that was answered of. */
function expectNone(text: string): void {
  expect(Object.keys(secrets).length).toBe(3)
  expect(secretsIn(text, secrets)).toEqual([])
  for (const secret of Object.values(secrets)) {
    for (const { name, spell } of SPELLERS) {
      const { text: spelt, from, to } = spell(secret)
      expect(text.includes(spelt.slice(from, to)), name).toBe(false)
    }
  }
}

/** Fails unless the answer is what was sent, without a secret and as long. */
function expectClean(answer: Answer, status = 200): void {
  expect(answer.status, answer.text.slice(0, 500)).toBe(status)
  expect(asked.length).toBeGreaterThan(0)
  const text = `${JSON.stringify(answer.headers)}${answer.text}`
  expectNone(text)
  expect(answer.bytes.length).toBe(Buffer.byteLength(sent))
  const masked = answer.text.replace(/\*+/g, '')
  expect(masked.length).toBeLessThan(sent.length / 2)
  if (status === 200) expect(answer.text).toContain('https://other.example/k?Signature=kept')
  expect(answer.headers['content-encoding'] ?? 'identity').toBe('identity')
}

const input = JSON.stringify({ input: { a: 1 }, webhook: `http://127.0.0.1:${port}/hook` })
const item = JSON.parse(input)
/** Routes that answer of one job or of several, in the order in which they are asked. */
const routes: readonly (readonly [method: string, path: string, body?: string])[] = [
  ['POST', 'run', input],
  ['POST', 'runsync', input],
  ['GET', 'status/job-1'],
  ['POST', 'status/job-1'],
  ['GET', 'status-sync/job-1'],
  ['GET', 'stream/job-1'],
  ['POST', 'stream/job-1'],
  ['GET', 'requests'],
  ['POST', 'retry/job-1'],
  ['POST', 'cancel/job-1'],
  ['POST', 'batch', JSON.stringify([item])],
  ['GET', 'batch/batch_1'],
  ['POST', 'batch/batch_1/requests', JSON.stringify({ requests: [item] })],
  ['GET', 'batch/batch_1/requests'],
  ['PUT', 'batch/batch_1', '{"name":"other"}'],
  ['DELETE', 'batch/batch_1/requests/item-1'],
  ['POST', 'batch/batch_1/finalize'],
  ['POST', 'batch/batch_1/cancel'],
]

describe.each(['identity', 'gzip', 'br', 'deflate'])('an answer in %s', (coding) => {
  test.each(routes)('of %s %s comes without a secret', async (method, path, body) => {
    mode.coding = coding
    const answer = await stack.call(
      `${method}`,
      `/v2/leaky/${path}`,
      body === undefined ? {} : { body },
    )
    expectClean(answer)
  })

  test.each(routes)(
    'of %s %s that is an error comes without one too',
    async (method, path, body) => {
      // What names no job tells of none that it might know.
      if (path === 'requests') return
      mode = { ...plain, coding, status: 500 }
      const answer = await stack.call(
        `${method}`,
        `/v2/leaky/${path}`,
        body === undefined ? {} : { body },
      )
      expectClean(answer, 500)
    },
  )
})

test.skipIf(stack.runtime === 'node')('a coding that Workers cannot undo is a 502', async () => {
  mode.coding = 'zstd'
  const answer = await stack.call('GET', '/v2/leaky/status/job-1')
  expect(answer.status).toBe(502)
  expect(answer.text).toContain('zstd')
})

test.skipIf(stack.runtime === 'workers')('on Node Zstandard is undone as well', async () => {
  mode.coding = 'zstd'
  expectClean(await stack.call('GET', '/v2/leaky/status/job-1'))
})

// Workers undo Brotli of answers alone.
const webhookCodings = ['identity', 'gzip', 'deflate', ...(stack.runtime === 'node' ? ['br'] : [])]

describe.each(webhookCodings)('a webhook in %s', (coding) => {
  test('reaches the client without a secret', async () => {
    const run = await stack.call('POST', '/v2/leaky/run', { body: input })
    const { id } = JSON.parse(run.text)
    secrets = known.get(id) ?? {}
    sent = `{"id":"${id}","status":"COMPLETED","output":"${leak()}","webhook":"w"}`
    const body = codings[coding]?.(sent) ?? sent
    const headers = { 'content-type': 'application/json', 'content-encoding': coding }
    const path = `/webhooks/${secrets['token']}`
    const answer = await stack.call('POST', path, { key: '', body, headers })
    expect(answer.status, answer.text).toBe(200)
    expectNone(hooked)
    expect(hooked.length).toBe(sent.length)
    const kept = await stack.call('GET', `/v2/leaky/status/${id}`)
    expectNone(kept.text)
  })
})
