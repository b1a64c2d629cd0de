import { createHash, createHmac } from 'node:crypto'
import { type OutgoingHttpHeaders, request } from 'node:http'

/** Whose key signs, and for which bucket. */
export interface Signer {
  /** Base URL of the job bucket. */
  readonly url: string
  readonly accessId: string
  readonly accessSecret: string
}

/** A request to be signed: independent of the gateway's own canonical form. */
export interface Unsigned {
  readonly method?: string
  /** Path and query below the base URL, exactly as on the wire. */
  readonly target: string
  /** Signed headers; a list is sent as a header repeated. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** `x-amz-content-sha256`; default `UNSIGNED-PAYLOAD`. */
  readonly hash?: string
  /** Milliseconds since the epoch at which it is signed; default now. */
  readonly at?: number
  readonly region?: string
}

/** Signs a line of a chain: what belongs to one signature stays the same for its chunks. */
export interface SignedHeaders {
  readonly headers: Record<string, string | readonly string[]>
  readonly signature: string
  /** Signature of the lines after `algorithm`, timestamp and scope. */
  sign(algorithm: string, ...lines: readonly string[]): string
}

export const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')
const hmac = (key: string | Uint8Array, text: string) =>
  createHmac('sha256', key).update(text, 'latin1').digest()

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
}

function canonical(method: string, path: string, headers: readonly string[], hash: string): string {
  const [rawPath = '', rawQuery = ''] = path.split('?')
  const query = rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [name, value.join('=')].map((part) => encode(decodeURIComponent(part))).join('=')
    })
  const names = headers.map((line) => line.split(':')[0])
  const lines = [method, rawPath, query.sort().join('&'), ...headers, '', names.join(';'), hash]
  return lines.join('\n')
}

function headerLines(headers: Unsigned['headers'], host: string): string[] {
  const all = Object.entries({ ...headers, host })
  return all.map(([name, value]) => `${name}:${[value].flat().join(',')}`).sort()
}

function signingFor(signer: Signer, { at = Date.now(), region = 'any-region' }: Unsigned) {
  const timestamp = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  const parts = [timestamp.slice(0, 8), region, 's3', 'aws4_request']
  const key = parts.reduce<string | Uint8Array>(hmac, `AWS4${signer.accessSecret}`)
  const scope = parts.join('/')
  const sign = (algorithm: string, ...lines: readonly string[]) =>
    hmac(key, [algorithm, timestamp, scope, ...lines].join('\n')).toString('hex')
  return { timestamp, scope, sign, credential: `${signer.accessId}/${scope}` }
}

/** Signs in the Authorization header. */
export function signHeaders(signer: Signer, unsigned: Unsigned): SignedHeaders {
  const { method = 'GET', hash = 'UNSIGNED-PAYLOAD' } = unsigned
  const { host, pathname } = new URL(signer.url)
  const { timestamp, sign, credential } = signingFor(signer, unsigned)
  const headers: SignedHeaders['headers'] = {
    ...unsigned.headers,
    'x-amz-content-sha256': hash,
    'x-amz-date': timestamp,
  }
  const lines = headerLines(headers, host)
  const text = canonical(method, pathname + unsigned.target, lines, hash)
  const signature = sign('AWS4-HMAC-SHA256', sha256(Buffer.from(text, 'latin1')))
  const names = lines.map((line) => line.split(':')[0]).join(';')
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  return { headers, signature, sign }
}

/** Signs in the query: the target below the base URL, with its parameters. */
export function presign(signer: Signer, unsigned: Unsigned & { readonly seconds: number }): string {
  const { method = 'GET', target, seconds, hash = 'UNSIGNED-PAYLOAD' } = unsigned
  const { host, pathname } = new URL(signer.url)
  const { timestamp, sign, credential } = signingFor(signer, unsigned)
  const lines = headerLines(unsigned.headers, host)
  const parameters = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': credential,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': lines.map((line) => line.split(':')[0]).join(';'),
  }
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encode(value)}`)
  const whole = `${target}${target.includes('?') ? '&' : '?'}${pairs.join('&')}`
  const text = canonical(method, pathname + whole, lines, hash)
  return `${whole}&X-Amz-Signature=${sign('AWS4-HMAC-SHA256', sha256(text))}`
}

export interface Answer {
  readonly status: number
  readonly text: string
  /** The S3 error code; undefined when there is none. */
  readonly code: string | undefined
  /** Whether a 100 came first. */
  readonly isContinued: boolean
}

/** Sends a request as it is; pieces go out in chunked transfer coding, bytes with their length. */
export async function sendAsIs(
  signer: Signer,
  sent: {
    readonly method?: string
    readonly target: string
    readonly headers?: SignedHeaders['headers']
    readonly body?: Uint8Array | readonly Uint8Array[]
  },
): Promise<Answer> {
  const { hostname, port, pathname } = new URL(signer.url)
  const { method = 'GET', target, body } = sent
  const headers: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(sent.headers ?? {})) {
    headers[name] = typeof value === 'string' ? value : [...value]
  }
  if (body instanceof Uint8Array) headers['content-length'] ??= body.length
  const pieces = body instanceof Uint8Array ? [body] : (body ?? [])
  return await new Promise((resolve, reject) => {
    let isContinued = false
    const outgoing = request({ hostname, port, method, path: pathname + target, headers })
    const sendBody = () => {
      for (const piece of pieces) outgoing.write(piece)
      outgoing.end()
    }
    outgoing.on('error', reject)
    outgoing.on('continue', () => {
      isContinued = true
      sendBody()
    })
    outgoing.on('response', async (incoming) => {
      let text = ''
      for await (const chunk of incoming) text += chunk
      const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1]
      resolve({ status: incoming.statusCode ?? 0, text, code, isContinued })
    })
    if (headers['expect'] === undefined) sendBody()
    else outgoing.flushHeaders()
  })
}

/** Signs in the header and sends. */
export async function sendSigned(
  signer: Signer,
  sent: Unsigned & { readonly body?: Uint8Array | readonly Uint8Array[] },
): Promise<Answer> {
  const { headers } = signHeaders(signer, sent)
  return await sendAsIs(signer, { ...sent, headers })
}
