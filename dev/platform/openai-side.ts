import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { BadBody, type Exchange, parseObject, readBody, skipBody } from './exchange.ts'
import type { JsonObject } from './job.ts'
import { readPrompt, type SeenMedia } from './openai-media.ts'

/**
 * The OpenAI route with a worker behind it that answers at once, as vLLM's does: it fetches the files
 * of a prompt and tells what they were. Gaps: no queue, no tools, no logprobs, one choice.
 */
export async function serveOpenai(exchange: Exchange): Promise<void> {
  const [first = '', ...rest] = exchange.path.slice(3)
  const path = (first === 'v1' ? rest : [first, ...rest]).join('/')
  const operation = Object.hasOwn(operations, `${exchange.method} ${path}`)
    ? operations[`${exchange.method} ${path}`]
    : undefined
  try {
    if (operation !== undefined) return await operation(exchange)
    if (exchange.method === 'GET' && path.startsWith('models/')) {
      return exchange.answer(200, model(decodeURIComponent(path.slice('models/'.length))))
    }
    await skipBody(exchange.request)
    exchange.answer(404, problem('Not Found', 'NotFoundError'))
  } catch (error) {
    if (!(error instanceof BadBody) || error.message.includes('body size')) throw error
    exchange.answer(400, problem(error.message, 'BadRequestError'))
  }
}

/** What the platform takes in one request, in MiB. */
const maxMiB = 20
const created = 1_700_000_000

const operations: Readonly<Record<string, (exchange: Exchange) => void | Promise<void>>> = {
  'GET models': (exchange) => exchange.answer(200, { object: 'list', data: [model('emulated')] }),
  'POST chat/completions': chat,
  'POST completions': complete,
  'POST responses': respond,
  'POST embeddings': embed,
  'POST audio/transcriptions': transcribe,
  'POST images/generations': async (exchange) => {
    await skipBody(exchange.request)
    const image = Buffer.from('an image').toString('base64')
    exchange.answer(200, { created, data: [{ b64_json: image }] })
  },
  'POST images/edits': async (exchange) => {
    const digest = await readForm(exchange, 'image')
    exchange.answer(200, { created, data: [{ b64_json: Buffer.from(digest).toString('base64') }] })
  },
}

async function chat(exchange: Exchange): Promise<void> {
  const body = await readJson(exchange)
  const said = sayOf(await readPrompt(body['messages']))
  const base = { id: 'chatcmpl-1', created, model: body['model'] }
  if (body['stream'] !== true) {
    return exchange.answer(200, {
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: said }, finish_reason: 'stop' }],
      usage: usageOf(said),
    })
  }
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    data: {
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason }],
    },
  })
  await streamEvents(exchange, [
    chunk({ role: 'assistant', content: '' }),
    ...wordsOf(said).map((content) => chunk({ content })),
    chunk({}, 'stop'),
    { data: '[DONE]' },
  ])
}

async function complete(exchange: Exchange): Promise<void> {
  const body = await readJson(exchange)
  const said = `You said ${body['prompt']}`
  const base = { id: 'cmpl-1', object: 'text_completion', created, model: body['model'] }
  if (body['stream'] !== true) {
    const choices = [{ index: 0, text: said, finish_reason: 'stop' }]
    return exchange.answer(200, { ...base, choices, usage: usageOf(said) })
  }
  await streamEvents(exchange, [
    ...wordsOf(said).map((text) => ({ data: { ...base, choices: [{ index: 0, text }] } })),
    { data: '[DONE]' },
  ])
}

async function respond(exchange: Exchange): Promise<void> {
  const body = await readJson(exchange)
  const said = sayOf(await readPrompt(body['input']))
  const part = { type: 'output_text', text: said, annotations: [] }
  const response = {
    id: 'resp_1',
    object: 'response',
    created_at: created,
    status: 'completed',
    model: body['model'],
    output: [
      { type: 'message', id: 'msg_1', status: 'completed', role: 'assistant', content: [part] },
    ],
  }
  if (body['stream'] !== true) return exchange.answer(200, response)
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 }
  const started = { ...response, status: 'in_progress', output: [] }
  const events = [
    { type: 'response.created', response: started },
    ...wordsOf(said).map((delta) => ({ type: 'response.output_text.delta', ...place, delta })),
    { type: 'response.output_text.done', ...place, text: said },
    { type: 'response.completed', response },
  ].map((data, at) => ({ event: data.type, data: { ...data, sequence_number: at } }))
  await streamEvents(exchange, events)
}

async function embed(exchange: Exchange): Promise<void> {
  const body = await readJson(exchange)
  const numbers = new Float32Array([1, 0.5, -0.25])
  const embedding =
    body['encoding_format'] === 'base64'
      ? Buffer.from(numbers.buffer).toString('base64')
      : [...numbers]
  const { length } = [body['input']].flat()
  const data = Array.from({ length }, (_, index) => ({ object: 'embedding', index, embedding }))
  exchange.answer(200, { object: 'list', model: body['model'], data, usage: usageOf('') })
}

async function transcribe(exchange: Exchange): Promise<void> {
  exchange.answer(200, { text: await readForm(exchange, 'file') })
}

/** The digest of a form's file, in hexadecimal. */
async function readForm(exchange: Exchange, name: string): Promise<string> {
  const { request } = exchange
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  const stream = Readable.toWeb(request) as ReadableStream<Uint8Array>
  const form = await new Response(stream, { headers }).formData().catch((error: unknown) => {
    throw new BadBody(`no form: ${error}`)
  })
  const file = form.get(name)
  if (!(file instanceof File)) throw new BadBody(`no file ${name}`)
  return createHash('sha256')
    .update(Buffer.from(await file.arrayBuffer()))
    .digest('hex')
}

async function readJson(exchange: Exchange): Promise<JsonObject> {
  return parseObject(await readBody(exchange.request, maxMiB))
}

function sayOf({ text, media }: { text: string; media: readonly SeenMedia[] }): string {
  const seen = media.map(({ part, bytes, sha256 }) => `${part} of ${bytes} bytes ${sha256}`)
  return [`You said ${text}`, ...seen].join('\n')
}

function wordsOf(text: string): string[] {
  return text.split(/(?<= |\n)/)
}

function usageOf(said: string): JsonObject {
  const tokens = wordsOf(said).length
  return { prompt_tokens: 1, completion_tokens: tokens, total_tokens: 1 + tokens }
}

function model(id: string): JsonObject {
  return { id, object: 'model', created, owned_by: 'emulator' }
}

function problem(message: string, type: string): JsonObject {
  return { error: { message, type, param: null, code: null } }
}

async function streamEvents(
  exchange: Exchange,
  events: readonly { event?: string; data: unknown }[],
): Promise<void> {
  const { write, end } = exchange.stream('text/event-stream')
  for (const { event, data } of events) {
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    write(`${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`)
    // Each in a packet of its own, as tokens come.
    await new Promise((resolve) => setTimeout(resolve, 2))
    if (exchange.gone.aborted) return
  }
  end()
}
