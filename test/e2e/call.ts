import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from 'node:http'
import { connect } from 'node:net'

/** One answer of the gateway, as bytes and as read. */
export interface Answer {
  readonly method: string
  /** Path and query as sent. */
  readonly path: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly text: string
}

/** Every answer that a test of this file has seen, in order. */
export const observed: Answer[] = []

/** Takes an answer down; every way of calling the gateway ends here. */
export function observe(answer: Answer): Answer {
  observed.push(answer)
  return answer
}

/** The parsed body; the test fails where it is no JSON object. */
export function json(answer: Answer): Record<string, unknown> {
  const value: unknown = JSON.parse(answer.text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Not a JSON object: ${answer.text.slice(0, 200)}`)
  }
  return { ...value }
}

export interface CallOptions {
  readonly key?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Sends the body in chunked transfer coding. */
  readonly chunked?: boolean
}

/** A request under way whose body the test writes itself. */
export interface OpenCall {
  /** Resolves when the bytes have left; the Content-Length need not be true. */
  write(bytes: string | Uint8Array): Promise<void>
  /** Ends the body; the answer, or a rejection when the connection breaks. */
  end(): Promise<Answer>
  /** Leaves without a word. */
  destroy(): void
  readonly answer: Promise<Answer>
}

/** Calls the gateway under `origin`; `quiet` answers are not taken down. */
export function createCaller(
  origin: string,
  options: { quiet?: boolean } = {},
): {
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  open(method: string, path: string, options?: CallOptions): OpenCall
  raw(text: string): Promise<Answer>
} {
  const { hostname, port } = new URL(origin)
  const note = options.quiet === true ? (answer: Answer) => answer : observe

  function start(method: string, path: string, options: CallOptions) {
    const { key = 'rpa_test', headers = {}, body, chunked = false } = options
    const framing =
      body === undefined || chunked ? {} : { 'content-length': `${Buffer.byteLength(body)}` }
    const agent = new Agent({ keepAlive: true })
    const outgoing = request({
      hostname,
      port,
      method,
      path,
      // A connection of its own, kept alive as most clients do: the server need not close it.
      agent,
      headers: {
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...framing,
        ...headers,
      },
    })
    const answer = answerOf(outgoing, method, path).then(note)
    answer.catch(() => {}).finally(() => agent.destroy())
    return { outgoing, answer }
  }

  return {
    async call(method, path, options = {}) {
      const { outgoing, answer } = start(method, path, options)
      if (options.chunked === true && options.body !== undefined) outgoing.write(options.body)
      outgoing.end(options.chunked === true ? undefined : options.body)
      return await answer
    },
    open(method, path, options = {}) {
      const { outgoing, answer } = start(method, path, options)
      outgoing.flushHeaders()
      return {
        answer,
        write: (bytes) =>
          new Promise((resolve, reject) => {
            outgoing.write(bytes, (error) => (error == null ? resolve() : reject(error)))
          }),
        end() {
          outgoing.end()
          return answer
        },
        destroy: () => outgoing.destroy(),
      }
    },
    raw: (text) => rawCall(hostname, Number(port), text),
  }
}

async function answerOf(outgoing: ClientRequest, method: string, path: string): Promise<Answer> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
  })
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const { statusCode: status = 0, headers } = incoming
  return { method, path, status, headers, bytes, text: bytes.toString() }
}

// Bytes as they are on a socket, half-closed after the last one: for framing that no client library
// would send. Only the first answer is read.
function rawCall(host: string, port: number, text: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ host, port, allowHalfOpen: true }, () => socket.end(text, 'latin1'))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => {
      const whole = Buffer.concat(chunks).toString('latin1')
      const [head = '', ...rest] = whole.split('\r\n\r\n')
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
      if (Number.isNaN(status)) return reject(new Error('The connection closed without an answer'))
      const bytes = Buffer.from(rest.join('\r\n\r\n'), 'latin1')
      const [method = '', path = ''] = text.split(' ')
      resolve(observe({ method, path, status, headers: {}, bytes, text: bytes.toString() }))
    })
  })
}

/** The global fetch, which the official client uses, with its answers taken down too. */
export function observeFetch(origin: string): () => void {
  const { fetch: plain } = globalThis
  globalThis.fetch = async (input, init) => {
    const response = await plain(input, init)
    const url = new URL(response.url)
    if (url.origin === origin) {
      const bytes = Buffer.from(await response.clone().arrayBuffer())
      observe({
        method: init?.method ?? 'GET',
        path: `${url.pathname}${url.search}`,
        status: response.status,
        headers: Object.fromEntries(response.headers),
        bytes,
        text: bytes.toString(),
      })
    }
    return response
  }
  return () => {
    globalThis.fetch = plain
  }
}
