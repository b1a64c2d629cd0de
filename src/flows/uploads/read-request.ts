import { readCapped } from '../../bytes/read-capped.ts'
import { describeFaults } from '../../contract/faults.ts'
import type { Validate } from '../../contract/validators.gen.js'
import { GatewayError } from '../../errors.ts'
import { readChunk } from '../../intake/stage-json.ts'
import type { Body, Reply } from '../../platform.ts'
import type { Call } from '../deps.ts'

/**
 * Reads the JSON body of a request about an upload; `T` is what `validate` lets through.
 *
 * @throws {GatewayError} invalid_json, invalid_request naming the value, content_encoding,
 *   body_too_large, client_gone
 */
export async function readRequest<T>(
  { body, headers }: Call,
  maxBytes: number,
  validate: Validate,
): Promise<T> {
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (coding !== 'identity' && coding !== '') {
    throw new GatewayError('content_encoding', 'Send the body without Content-Encoding')
  }
  const bytes = body === undefined ? new Uint8Array(0) : await readWhole(body, maxBytes)
  const value = parseJson(bytes)
  if (validate(value)) return value as T
  const [fault] = describeFaults(validate.errors ?? [])
  const { pointer = '', message = 'is not valid' } = fault ?? {}
  throw invalidRequest(pointer, `Change the request: "${pointer}" ${message}`)
}

/** The error of one value of a request. */
export function invalidRequest(pointer: string, detail: string): GatewayError {
  return new GatewayError('invalid_request', detail, { pointer })
}

/** An answer in JSON, which holds URLs that are rights: no cache may keep it. */
export function jsonReply(status: number, value: unknown): Reply {
  return {
    status,
    headers: new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' }),
    body: new TextEncoder().encode(JSON.stringify(value)),
  }
}

async function readWhole(body: Body, limit: number): Promise<Uint8Array> {
  const source: Body = { ...body, read: () => readChunk(body) }
  return await readCapped(source, limit, () => {
    return new GatewayError('body_too_large', `Send a request of at most ${limit} bytes`, { limit })
  })
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch {
    throw new GatewayError('invalid_json', 'Cannot read the request: it is not JSON')
  }
}
