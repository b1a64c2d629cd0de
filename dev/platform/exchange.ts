import type { IncomingMessage, ServerResponse } from 'node:http'
import { asObject, type JsonObject } from './job.ts'

/** One request to the emulator, taken apart. */
export interface Exchange {
  readonly method: string
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  /** Aborted when the caller has gone. */
  readonly gone: AbortSignal
  /** Answers with JSON, or with nothing. */
  answer(status: number, body?: unknown): void
  /** Answers with text of another type. */
  answerText(status: number, type: string, text: string): void
  /** Begins an answer that is written piece by piece. */
  stream(type: string): { write(text: string): void; end(): void }
  /** Breaks the connection. */
  drop(): void
}

/** A body that is not acceptable, with the answer that the platform gives. */
export class BadBody extends Error {
  override name = 'BadBody' as const
}

/** Wraps what node:http gives. */
export function createExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  const url = new URL(request.url ?? '/', 'http://emulator')
  const gone = new AbortController()
  response.on('close', () => gone.abort())

  function answerText(status: number, type: string, text: string): void {
    if (response.headersSent) return
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
    response.end(text)
  }

  return {
    method: request.method ?? 'GET',
    path: url.pathname.split('/').filter((segment) => segment !== ''),
    query: url.searchParams,
    request,
    gone: gone.signal,
    answer(status, body) {
      if (body !== undefined) answerText(status, 'application/json', JSON.stringify(body))
      else if (!response.headersSent) response.writeHead(status).end()
    },
    answerText,
    stream(type) {
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' })
      response.flushHeaders()
      return { write: (text) => void response.write(text), end: () => void response.end() }
    },
    drop: () => request.socket.destroy(),
  }
}

/**
 * Reads a body of at most `maxMiB`. A longer one is read to its end and refused in the platform's
 * words, so that the client sees the answer and no broken pipe.
 */
export async function readBody(request: IncomingMessage, maxMiB: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= maxMiB * 1_048_576) chunks.push(chunk)
    else chunks.length = 0
  }
  if (bytes > maxMiB * 1_048_576) {
    throw new BadBody(`bad request: body: exceeded max body size of ${maxMiB}MiB`)
  }
  return Buffer.concat(chunks).toString()
}

/** Reads a body to its end, so that an answer never overtakes what it answers. */
export async function skipBody(request: IncomingMessage): Promise<void> {
  for await (const _ of request);
}

/** Parses a body that must be a JSON object. */
export function parseObject(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new BadBody(`bad request: body: ${error instanceof Error ? error.message : error}`)
  }
  const object = asObject(value)
  if (object === undefined) throw new BadBody('bad request: body: not a JSON object')
  return object
}
