import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { Fault, PlantedRule } from './rule.ts'
import type { UploadLedger } from './uploads.ts'

/** One request that passed the proxy, or met a fault there. */
export interface ProxiedRequest {
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  /** Names of the query's parameters but those of signatures; their values are not kept. */
  readonly query: readonly string[]
  /** Bytes of the body that the client sent. */
  requestBytes: number
  /** Bytes of the body that were sent to the client. */
  responseBytes: number
  /** Status that the client was sent; undefined while, or because, there was none. */
  status: number | undefined
  readonly fault: Fault['kind'] | undefined
  /** Headers and body of the request, kept only where the proxy was told so. */
  readonly kept: KeptRequest | undefined
}

/** What a test wants to see of a request as the server got it. */
export interface KeptRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body's first bytes, as many as were asked for. */
  body: Buffer
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
])
const slowDown = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`

/** One request under way. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Kept, as a request that was destroyed has none. */
  readonly socket: Socket
  readonly rule: PlantedRule | undefined
  readonly entry: ProxiedRequest
  readonly parameters: URLSearchParams
  readonly keepBytes: number
}

/**
 * Sends a request on to `target` and its answer back, or does what its rule says. Rejects when the
 * target is gone.
 */
export async function pass(exchange: Exchange, target: URL, ledger: UploadLedger): Promise<void> {
  const { request, socket, rule, entry } = exchange
  switch (rule?.fault.kind) {
    case 'stall':
      rule.announce()
      return
    case 'reset':
      rule.announce()
      socket.resetAndDestroy()
      return
    case 'slow-down':
      rule.announce()
      return await answer(exchange, { kind: 'answer', status: 503, body: slowDown, headers: xml })
    case 'answer':
      rule.announce()
      return await answer(exchange, rule.fault)
  }

  const outgoing = httpRequest({
    host: target.hostname,
    port: target.port,
    method: entry.method,
    path: request.url,
    headers: forwardable(request),
    agent: false,
  })
  request.once('close', () => {
    if (!request.complete) outgoing.destroy()
  })
  exchange.response.once('close', () => outgoing.destroy())
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.on('error', reject)
  })
  const sent = send(exchange, outgoing)
  // A server may answer, and close, before it has read all: then the answer counts.
  sent.catch(() => {})
  await relay(exchange, await Promise.race([answered, sent.then(() => answered)]), ledger)
}

const xml = { 'content-type': 'application/xml' }

async function answer(exchange: Exchange, fault: Fault & { kind: 'answer' }): Promise<void> {
  const { response, entry } = exchange
  const drained = drain(exchange)
  if (fault.early !== true) await drained
  entry.status = fault.status
  entry.responseBytes = Buffer.byteLength(fault.body ?? '')
  response.writeHead(fault.status, {
    'content-length': entry.responseBytes,
    ...fault.headers,
  })
  response.end(entry.method === 'HEAD' ? undefined : fault.body)
  await drained
}

function count({ entry, keepBytes }: Exchange, piece: Buffer): void {
  entry.requestBytes += piece.length
  const { kept } = entry
  if (kept !== undefined && kept.body.length < keepBytes) {
    kept.body = Buffer.concat([kept.body, piece]).subarray(0, keepBytes)
  }
}

async function drain(exchange: Exchange): Promise<void> {
  for await (const chunk of exchange.request) count(exchange, chunk)
}

async function send(exchange: Exchange, outgoing: Writable): Promise<void> {
  const { request, socket, rule, entry } = exchange
  const limit = rule?.fault.kind === 'cut-request' ? rule.fault.bytes : Number.POSITIVE_INFINITY
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece = chunk.subarray(0, limit - entry.requestBytes)
    count(exchange, piece)
    await write(outgoing, piece)
    if (entry.requestBytes >= limit) break
  }
  if (entry.requestBytes >= limit) {
    outgoing.destroy()
    rule?.announce()
    socket.resetAndDestroy()
    throw new Error('cut on purpose')
  }
  outgoing.end()
}

async function relay(
  exchange: Exchange,
  incoming: IncomingMessage,
  ledger: UploadLedger,
): Promise<void> {
  const { response, socket, rule, entry, parameters } = exchange
  const { fault } = rule ?? {}
  const limit = fault?.kind === 'cut-response' ? fault.bytes : Number.POSITIVE_INFINITY
  const status = incoming.statusCode ?? 502
  const kept: Buffer[] = []
  const noted = ledger.concerns(entry.method, parameters)
  const { method, path } = entry
  let delivered = false
  try {
    if (fault?.kind === 'hold' && rule !== undefined) {
      rule.announce()
      await rule.released
    }
    if (limit > 0) {
      entry.status = status
      response.writeHead(status, incoming.statusMessage ?? '', endToEnd(incoming.rawHeaders))
      response.flushHeaders()
    }
    for await (const chunk of incoming) {
      if (noted) kept.push(chunk)
      const piece = chunk.subarray(0, Math.max(0, limit - entry.responseBytes))
      entry.responseBytes += piece.length
      await write(response, piece)
      if (entry.responseBytes >= limit && !noted) break
    }
    if (limit < Number.POSITIVE_INFINITY) {
      rule?.announce()
      if (limit === 0) socket.resetAndDestroy()
      else socket.destroy()
      return
    }
    delivered = !response.destroyed
    response.end()
  } finally {
    const text = Buffer.concat(kept).toString()
    ledger.record({ method, path, query: parameters, status, text, delivered })
  }
}

// Waits until the bytes have left, or until the sink is gone.
async function write(sink: Writable, piece: Uint8Array): Promise<void> {
  if (piece.length === 0 || sink.destroyed) return
  await new Promise<void>((resolve) => {
    const done = () => {
      sink.off('close', done)
      resolve()
    }
    sink.once('close', done)
    sink.write(piece, done)
  })
}

function forwardable({ rawHeaders, headers, method = 'GET' }: IncomingMessage): string[] {
  const kept = endToEnd(rawHeaders)
  const framed = 'content-length' in headers || 'transfer-encoding' in headers
  if (!framed && method !== 'GET' && method !== 'HEAD') kept.push('Content-Length', '0')
  return kept
}

function endToEnd(raw: readonly string[]): string[] {
  return raw.filter((_, i) => !hopByHop.has((raw[i - (i % 2)] ?? '').toLowerCase()))
}
