import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import type { ConfigDocument } from './config.ts'
import type { Stack, StackOptions } from './harness.ts'
import { bytesOf } from './payload.ts'
import { secretForms } from './secret-forms.ts'

// The harness reads every answer of the global one to its end first.
const { fetch } = globalThis

/** The key that a gateway in `keys` mode uses upstream, and the one of its only caller. */
export const upstreamKey = 'rpa_of_the_gateway_and_of_nobody_else'
export const alice = `bw_${'a'.repeat(43)}`

/** Requests that the odd upstream has under way, or whose client has left, by model. */
export const open = new Set<string>()
export const left = new Set<string>()

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
odd.unref()

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
  // What a careless worker shows, in every form, in pieces that are never where a form is.
  leaky(response, text, request) {
    const bytes = Buffer.from(`${delta(shown(text, request))}data: [DONE]\n\n`)
    response.writeHead(200, events)
    let at = 0
    const timer = setInterval(() => {
      const piece = bytes.subarray(at, at + 11)
      at += 11
      if (piece.length > 0) response.write(piece)
      else {
        clearInterval(timer)
        response.end()
      }
    }, 1)
  },
  whole(response, text, request) {
    const content = shown(text, request)
    response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': keyIn(request) })
    response.end(JSON.stringify({ id: 'c', choices: [{ index: 0, message: { content } }] }))
  },
  fault(response, text, request) {
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: `cannot fetch ${shown(text, request)}` } }))
  },
}

const linksIn = (text: string) => [...text.matchAll(/http:[^"]+\/files\/([\w-]+)\/[^"]+/g)]
const keyIn = ({ headers }: IncomingMessage) => `${headers.authorization?.slice('Bearer '.length)}`

/** Sealed parts of the links of the last prompt that was shown. */
let sealed: string[] = []

export const sealedShown = (): readonly string[] => sealed

function shown(text: string, request: IncomingMessage): string {
  sealed = linksIn(text).map(([, one = '']) => one)
  const secrets = [...sealed, keyIn(request)]
  const forms = secrets.flatMap((secret) => secretForms(secret).map(({ text }) => text))
  return [...linksIn(text).map(([link]) => link), ...forms].join(' | ')
}

export function withOdd(document: ConfigDocument): ConfigDocument {
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

/** The same for callers with keys of the gateway. */
export const keysMode: StackOptions = {
  worker: 'none',
  env: { BULKWAY_UPSTREAM_KEY: upstreamKey },
  config(document) {
    const { endpoints, ...rest } = withOdd(document)
    const key = { env: 'BULKWAY_UPSTREAM_KEY' }
    const sha256 = createHash('sha256').update(alice).digest('hex')
    return {
      ...rest,
      endpoints: { ...endpoints, '*': { ...endpoints['*'], upstreamKey: key } },
      auth: { mode: 'keys', keys: [{ name: 'alice', sha256, endpoints: ['*'] }] },
    }
  },
}

/** The official client, with nothing changed but its base URL. */
export function clientOf(stack: Stack, endpointId: string, apiKey = 'rpa_test'): OpenAI {
  const baseURL = `${stack.url}/v2/${endpointId}/openai/v1`
  return new OpenAI({ apiKey, baseURL, maxRetries: 0, fetch })
}

/** A prompt with five large files, each the same. */
export const file = bytesOf(900_000)
export const base64 = file.toString('base64')
export const messages = [
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
