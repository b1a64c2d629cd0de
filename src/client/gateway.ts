import { BulkwayError } from './bulkway-error.ts'
import { defaultGiveUpMs, type PersistOptions, persist } from './persist.ts'

/** The gateway, as the client talks to it. */
export interface Gateway {
  /** Calls `path` below an endpoint and reads the answer's JSON; undefined where it has no body. */
  call(endpointId: string, path: string, options?: CallOptions): Promise<unknown>
  /** How long anything that is sent to it or to its store is tried. */
  readonly patience: PersistOptions
  /** The gateway's URL without `/v2`. */
  readonly baseUrl: string
}

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  /**
   * `always`, which is the default, for what may happen twice; `refused` for what must not: then it
   * is tried again only where the gateway says that it has done nothing.
   */
  readonly again?: 'always' | 'refused'
  /** Milliseconds after which it is given up, where that is sooner than usual. */
  readonly giveUpMs?: number
}

export interface GatewayOptions {
  readonly baseUrl: string
  readonly token: string | (() => string | Promise<string>)
  readonly fetch: typeof globalThis.fetch
  readonly patience: PersistOptions
}

/** A gateway at `baseUrl`, with or without `/v2` at its end. */
export function createGateway({ baseUrl, token, fetch, patience }: GatewayOptions): Gateway {
  const base = new URL(baseUrl).href.replace(/[?#].*$/, '').replace(/\/*(\/v2)?\/*$/, '')

  async function once(endpointId: string, path: string, options: CallOptions): Promise<unknown> {
    const { method = 'POST', body, signal } = options
    const key = keyOf(typeof token === 'string' ? token : await token())
    const headers = {
      authorization: `Bearer ${key}`,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    }
    const url = `${base}/v2/${encodeURIComponent(endpointId)}/${path}`
    let response: Response
    let text: string
    try {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      response = await fetch(url, { method, headers, signal: signal ?? null, ...sent })
      text = await response.text()
    } catch (cause) {
      signal?.throwIfAborted()
      throw new BulkwayError('network_error', 0, `Cannot reach ${base}`, { cause })
    }
    return readAnswer(response, text)
  }

  return {
    baseUrl: base,
    patience,
    async call(endpointId, path, options = {}) {
      const { again = 'always', giveUpMs = Number.POSITIVE_INFINITY } = options
      return await persist(() => once(endpointId, path, options), {
        ...patience,
        giveUpMs: Math.min(giveUpMs, patience.giveUpMs ?? defaultGiveUpMs),
        signal: options.signal,
        again: (error) => again === 'always' || isRefusal(error),
      })
    },
  }
}

/** A key as it may stand in a header; what a platform says of any other one would repeat it. */
function keyOf(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key
  const detail = key === '' ? 'The key is empty' : 'The key holds a character that no key has'
  throw new BulkwayError('unauthorized', 0, detail)
}

/** Whether the gateway turned the request away before anything came of it. */
function isRefusal(error: unknown): boolean {
  const codes = ['busy', 'store_unavailable', 'access_unavailable', 'session_busy', 'volume_busy']
  return error instanceof BulkwayError && (codes.includes(error.code) || error.status === 429)
}

function readAnswer(response: Response, text: string): unknown {
  const { status } = response
  const value = parse(text)
  if (response.ok) {
    if (value === undefined && text !== '') {
      throw new BulkwayError('invalid_answer', status, 'Cannot read the answer: it is no JSON')
    }
    return value
  }
  const members = membersOf(value)
  const { code, detail, error, pointer, requestId, partNumber } = members
  const facts = {
    ...(typeof pointer === 'string' && { pointer }),
    ...(typeof requestId === 'string' && { requestId }),
    ...(typeof partNumber === 'number' && { partNumber }),
    ...retryAfterOf(response.headers.get('retry-after')),
  }
  const said = [detail, error].find((one) => typeof one === 'string')
  throw new BulkwayError(
    typeof code === 'string' ? code : 'upstream_error',
    status,
    typeof said === 'string' ? said : `The answer has status ${status}`,
    facts,
  )
}

/** The fact of a Retry-After header in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfterOf(value: string | null | undefined): { retryAfterSeconds?: number } {
  if (value === null || value === undefined) return {}
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000
  return Number.isNaN(seconds) ? {} : { retryAfterSeconds: Math.max(0, seconds) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The members of a JSON object; none of anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
