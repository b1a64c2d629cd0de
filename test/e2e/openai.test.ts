import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI, { toFile } from 'openai'
import { afterAll, describe, expect, test } from 'vitest'
import { json } from './call.ts'
import type { ConfigDocument } from './config.ts'
import { type Stack, useStack } from './harness.ts'
import { bytesOf, sha256 } from './payload.ts'

// The harness reads every answer of the global one to its end first.
const { fetch } = globalThis

const upstreamKey = 'rpa_of_the_gateway_and_of_nobody_else'
const alice = `bw_${'a'.repeat(43)}`

/** Requests that the odd upstream has under way, or whose client has left, by model. */
const open = new Set<string>()
const left = new Set<string>()

/** An upstream that does what the platform does on a bad day; the model's name says which. */
const odd = createServer(async (request, response) => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  if (request.url?.endsWith('/health')) return void response.end('{}')
  const text = Buffer.concat(pieces).toString()
  const { model } = JSON.parse(text) as { model: string }
  open.add(model)
  response.on('close', () => {
    open.delete(model)
    if (!response.writableEnded) left.add(model)
  })
  const behaviour = behaviours[model.split('-')[0] ?? '']
  behaviour?.(response, text, request)
})
await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve))
afterAll(() => {
  odd.closeAllConnections()
  odd.close()
})

const delta = (content: string) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })}\n\n`
const events = { 'content-type': 'text/event-stream' }

const behaviours: Record<
  string,
  (response: ServerResponse, text: string, request: IncomingMessage) => void
> = {
  endless(response) {
    response.writeHead(200, events)
    let count = 0
    const timer = setInterval(() => response.write(delta(`${count++} `)), 10)
    response.on('close', () => clearInterval(timer))
  },
  slow(response) {
    response.writeHead(200, events).flushHeaders()
    setTimeout(() => response.end(`${delta('late')}data: [DONE]\n\n`), 1500)
  },
  half(response) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"id":"c","choices":[{"index":0,"message":{"content":"half of')
  },
  stuck(response) {
    response.writeHead(200, events)
    response.write(`${delta('one')}data: {"choices":[{"delta":{"con`)
  },
  // What a careless worker shows, cut at every byte.
  leaky(response, text, request) {
    const links = [...text.matchAll(/http:[^"]+\/files\/[^"]+/g)].map(([link]) => link)
    const shown = [...links, request.headers.authorization].join(' ')
    response.writeHead(200, events)
    const bytes = Buffer.from(`${delta(shown)}data: [DONE]\n\n`)
    const timer = setInterval(() => {
      const sent = bytes.subarray(at, ++at)
      if (sent.length > 0) response.write(sent)
      else {
        clearInterval(timer)
        response.end()
      }
    }, 1)
    let at = 0
  },
}

function withOdd(document: ConfigDocument): ConfigDocument {
  const upstream = `http://127.0.0.1:${(odd.address() as AddressInfo).port}/v2`
  const small = { runMaxBytes: 1_048_576, runsyncMaxBytes: 1_048_576 }
  const { always } = document.endpoints
  return {
    ...document,
    limits: { idleTimeoutMs: 5_000, upstreamIdleTimeoutMs: 4_000 },
    endpoints: {
      ...document.endpoints,
      over: { as: 'url', ...small },
      odd: { ...always, upstream },
    },
  }
}

function clientOf(stack: Stack, endpointId: string, apiKey = 'rpa_test'): OpenAI {
  const baseURL = `${stack.url}/v2/${endpointId}/openai/v1`
  return new OpenAI({ apiKey, baseURL, maxRetries: 0, fetch })
}

const file = bytesOf(900_000)
const base64 = file.toString('base64')
const seen = (part: string) => `${part} of ${file.length} bytes ${sha256(file)}`
const messages = [
  {
    role: 'user' as const,
    content: [
      { type: 'text' as const, text: 'hello' },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${base64}` } },
      { type: 'input_audio' as const, input_audio: { data: base64, format: 'wav' as const } },
      { type: 'video_url', video_url: { url: `data:video/mp4;base64,${base64}` } } as never,
      { type: 'audio_url', audio_url: { url: `data:audio/wav;base64,${base64}` } } as never,
      {
        type: 'file' as const,
        file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${base64}` },
      },
    ],
  },
]
const answered = ['You said hello']
  .concat(['image_url', 'audio_url', 'video_url', 'audio_url', 'file'].map(seen))
  .join('\n')
const input = [
  {
    role: 'user' as const,
    content: [
      { type: 'input_text' as const, text: 'hello' },
      {
        type: 'input_image' as const,
        detail: 'auto' as const,
        image_url: `data:image/png;base64,${base64}`,
      },
      {
        type: 'input_file' as const,
        filename: 'a.pdf',
        file_data: `data:application/pdf;base64,${base64}`,
      },
    ],
  },
]
const responded = ['You said hello', seen('input_image'), seen('input_file')].join('\n')

async function streamed(client: OpenAI): Promise<string> {
  const stream = await client.chat.completions.create({ model: 'm', messages, stream: true })
  let text = ''
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
  return text
}

const stack = useStack({ worker: 'none', config: withOdd })

describe('The official OpenAI package', () => {
  test.each(['always', 'over'])('chats of large files, which become links, at %s', async (name) => {
    const client = clientOf(stack, name)
    const { choices } = await client.chat.completions.create({ model: 'm', messages })
    expect(choices[0]?.message.content).toBe(answered)
    expect(await streamed(client)).toBe(answered)
    const sent = stack.upstream.log.filter(({ path }) => path.endsWith('/chat/completions'))
    for (const { kept } of sent.slice(-2)) expect(kept?.body.length).toBeLessThan(10_000)
  })

  test('asks for responses', async () => {
    const client = clientOf(stack, 'always')
    const response = await client.responses.create({ model: 'm', input })
    expect(response.output_text).toBe(responded)
    let text = ''
    const stream = await client.responses.create({ model: 'm', input, stream: true })
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') text += event.delta
      if (event.type === 'response.completed') expect(event.response.id).toBe('resp_1')
    }
    expect(text).toBe(responded)
  })

  test('completes, embeds and lists as it does without a gateway', async () => {
    const client = clientOf(stack, 'always')
    const { choices } = await client.completions.create({ model: 'm', prompt: 'hello' })
    expect(choices[0]?.text).toBe('You said hello')
    let text = ''
    const stream = await client.completions.create({ model: 'm', prompt: 'hi', stream: true })
    for await (const { choices } of stream) text += choices[0]?.text
    expect(text).toBe('You said hi')
    const { data } = await client.embeddings.create({ model: 'm', input: ['a', 'b'] })
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [1, 0.5, -0.25],
      [1, 0.5, -0.25],
    ])
    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toEqual(['emulated'])
    expect((await client.models.retrieve('some/one')).id).toBe('some/one')
  })

  test('sends forms, which go on as they come', async () => {
    const client = clientOf(stack, 'always')
    const audio = bytesOf(3_000_000)
    const { text } = await client.audio.transcriptions.create({
      model: 'm',
      file: await toFile(audio, 'speech.wav'),
    })
    expect(text).toBe(sha256(audio))
    const image = await toFile(file, 'a.png', { type: 'image/png' })
    const edited = await client.images.edit({ model: 'm', prompt: 'brighter', image })
    const digest = Buffer.from(edited.data?.[0]?.b64_json ?? '', 'base64').toString()
    expect(digest).toBe(sha256(file))
    await client.images.generate({ model: 'm', prompt: 'a cat' })
  })

  test('reads what is wrong', async () => {
    const client = clientOf(stack, 'always')
    const bad = [{ type: 'input_audio', input_audio: { data: 'no base64', format: 'wav' } }]
    await expect(
      client.chat.completions.create({
        model: 'm',
        messages: [{ role: 'user', content: bad as never }],
      }),
    ).rejects.toMatchObject({ status: 400, message: '400 not base64' })
    await expect(clientOf(stack, 'always', 'bad').models.list()).rejects.toMatchObject({
      status: 401,
    })
    const unknown = { role: 'user' as const, content: 'bulkway:x' }
    await expect(
      client.chat.completions.create({ model: 'm', messages: [unknown] }),
    ).rejects.toMatchObject({
      status: 404,
      message: '404 Cannot find the upload of this ref',
      code: 'upload_not_found',
      type: 'invalid_request_error',
      param: '/messages/0/content',
    })
  })
})

describe.each([
  ['that goes on as it came', [{ role: 'user' as const, content: 'hello' }]],
  ['with files', messages],
])('An answer to a prompt %s', (title, messages) => {
  const name = (model: string) => `${model}-${title}`

  test('may be without an end, and ends where its client leaves', async () => {
    const model = name('endless')
    const stream = await clientOf(stack, 'odd').chat.completions.create({
      model,
      messages,
      stream: true,
    })
    let count = 0
    for await (const _ of stream) if (++count === 50) break
    expect(count).toBe(50)
    await expect.poll(() => left.has(model), { timeout: 10_000 }).toBe(true)
    expect(open.has(model)).toBe(false)
  })

  test('begins before its first event', async () => {
    const begun = Date.now()
    const stream = await clientOf(stack, 'odd').chat.completions.create({
      model: name('slow'),
      messages,
      stream: true,
    })
    // The files are staged before; the first event comes 1.5 s after the head.
    const headAfter = Date.now() - begun
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content
    expect(text).toBe('late')
    expect(Date.now() - begun - headAfter).toBeGreaterThan(1000)
  })

  test.each(['half', 'stuck'])(
    'that hangs, %s, is never given for a whole one',
    async (kind) => {
      const body = JSON.stringify({ model: name(kind), messages })
      const answer = await stack
        .call('POST', '/v2/odd/openai/v1/chat/completions', { body })
        .catch((error: unknown) => error)
      if (answer instanceof Error) return
      // Where nothing was sent yet, it is an error with a status of its own.
      expect(answer).toMatchObject({ status: 502 })
      expect(json(answer as never)).toMatchObject({ code: 'upstream_unreachable' })
    },
    30_000,
  )
})

test('Links are removed from an answer that comes byte by byte', async () => {
  const body = JSON.stringify({ model: 'leaky', messages })
  const answer = await stack.call('POST', '/v2/odd/openai/v1/chat/completions', { body })
  expect(answer.status, answer.text).toBe(200)
  expect(answer.text).toMatch(/\/files\/\*{20,}/)
  expect(answer.text).not.toMatch(/\/files\/[\w-]/)
  expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true)
})

describe('Callers with keys of the gateway', () => {
  const keyed = useStack({
    worker: 'none',
    env: { BULKWAY_UPSTREAM_KEY: upstreamKey },
    config(document) {
      const { endpoints, ...rest } = withOdd(document)
      return {
        ...rest,
        endpoints: {
          ...endpoints,
          '*': { ...endpoints['*'], upstreamKey: { env: 'BULKWAY_UPSTREAM_KEY' } },
        },
        auth: {
          mode: 'keys',
          keys: [
            {
              name: 'alice',
              sha256: createHash('sha256').update(alice).digest('hex'),
              endpoints: ['*'],
            },
          ],
        },
      }
    },
  })

  test('chat, and list models', async () => {
    const client = clientOf(keyed, 'always', alice)
    const { choices } = await client.chat.completions.create({ model: 'm', messages })
    expect(choices[0]?.message.content).toBe(answered)
    expect(await streamed(client)).toBe(answered)
    expect((await client.responses.create({ model: 'm', input })).output_text).toBe(responded)
    expect((await client.models.list()).data).toHaveLength(1)
    const sent = keyed.upstream.log.at(-1)
    expect(sent?.kept?.headers['authorization']).toBe(`Bearer ${upstreamKey}`)
  })

  test('see nothing that others may have kept', async () => {
    const client = clientOf(keyed, 'always', alice)
    const before = keyed.upstream.log.length
    await expect(client.files.list()).rejects.toMatchObject({ status: 404 })
    await expect(client.responses.retrieve('resp_1')).rejects.toMatchObject({ status: 404 })
    await expect(
      client.responses.create({ model: 'm', input: 'hi', previous_response_id: 'resp_1' }),
    ).rejects.toMatchObject({ status: 400 })
    expect(keyed.upstream.log.length).toBe(before)
  })

  test('never see the gateway’s own key, whatever an answer is', async () => {
    for (const content of ['hello', messages[0]?.content]) {
      const body = JSON.stringify({ model: 'leaky', messages: [{ role: 'user', content }] })
      const path = '/v2/odd/openai/v1/chat/completions'
      const answer = await keyed.call('POST', path, { body, key: alice })
      expect(answer.status).toBe(200)
      expect(answer.text).toContain(`Bearer ${'*'.repeat(upstreamKey.length)}`)
      expect(answer.text).not.toMatch(/rpa_of|\/files\/[\w-]/)
    }
  })
})
