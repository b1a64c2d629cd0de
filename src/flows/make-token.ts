import { readApiKey } from '../auth/api-key.ts'
import { isToken } from '../auth/client-token.ts'
import { findKey } from '../auth/gateway-key.ts'
import { covers } from '../auth/principal.ts'
import { readCapped } from '../bytes/read-capped.ts'
import type { KeyConfig } from '../config/config.ts'
import { describeFaults } from '../contract/faults.ts'
import type { components } from '../contract/types.gen.ts'
import { validateTokenRequest } from '../contract/validators.gen.js'
import { GatewayError } from '../errors.ts'
import { readChunk } from '../intake/stage-json.ts'
import type { Body, Reply } from '../platform.ts'
import type { Deps } from './deps.ts'

type TokenRequest = components['schemas']['TokenRequest']
type Token = components['schemas']['Token']

/** Life of a token where the request does not say. */
const defaultSeconds = 900

/**
 * Makes a client token for the holder of a key, good for no more than the key.
 *
 * @throws {GatewayError} not_found where there are no tokens, and for an endpoint that is not the
 *   key's; unauthorized; forbidden to holders of a token; invalid_json, invalid_request,
 *   body_too_large, client_gone
 */
export async function makeToken(
  deps: Deps,
  headers: Headers,
  body: Body | undefined,
): Promise<Reply> {
  const { clientTokens } = deps
  if (clientTokens === undefined) throw new GatewayError('not_found', 'Cannot find this route')
  const key = await holderOf(deps, headers)
  const { subject, endpoints, maxBytes, ttlSeconds } = await readRequest(deps, body)
  requireText(subject)
  requireEndpoints(deps, key, endpoints)
  requireAtMost('maxBytes', maxBytes, 'maxBytes', key.maxBytes)
  requireAtMost('ttlSeconds', ttlSeconds, 'tokenMaxSeconds', clientTokens.maxSeconds)

  const { token, expiresAt } = await clientTokens.make(key, {
    ...{ subject, endpoints, maxBytes },
    ttlSeconds: ttlSeconds ?? Math.min(defaultSeconds, clientTokens.maxSeconds),
  })
  const answer: Token = {
    token,
    tokenType: 'Bearer',
    expiresAt: new Date(expiresAt).toISOString(),
  }
  return {
    status: 201,
    headers: new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' }),
    body: new TextEncoder().encode(JSON.stringify(answer)),
  }
}

async function holderOf({ config, clientTokens }: Deps, headers: Headers): Promise<KeyConfig> {
  const text = readApiKey(headers)?.key.reveal() ?? ''
  if (isToken(text)) {
    await clientTokens?.read(text)
    throw new GatewayError('forbidden', 'Use a key: a token cannot make tokens')
  }
  const key = config.auth.mode === 'keys' ? await findKey(config.auth.keys, text) : undefined
  if (key === undefined) throw new GatewayError('unauthorized', 'Use a valid API key')
  return key
}

async function readRequest({ config }: Deps, body: Body | undefined): Promise<TokenRequest> {
  if (body === undefined) return {}
  const limit = config.limits.smallBodyBytes
  const source: Body = { ...body, read: () => readChunk(body) }
  const bytes = await readCapped(source, limit, () => {
    const detail = `Cannot read more than ${limit} bytes about a token`
    return new GatewayError('body_too_large', detail, { limitName: 'smallBodyBytes', limit })
  })
  if (bytes.length === 0) return {}
  const value = parseJson(bytes)
  if (validateTokenRequest(value)) return value as TokenRequest
  const [fault] = describeFaults(validateTokenRequest.errors ?? [])
  const { pointer = '', message = 'is not valid' } = fault ?? {}
  throw invalid(pointer, `Change the request for a token: "${pointer}" ${message}`)
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch {
    throw new GatewayError('invalid_json', 'Cannot read the request for a token: it is not JSON')
  }
}

function requireText(subject: string | undefined): void {
  if (subject === undefined || subject.isWellFormed()) return
  throw invalid('/subject', 'Change "/subject": it holds half of a character')
}

function requireEndpoints(
  { config }: Deps,
  key: KeyConfig,
  endpoints: readonly string[] = [],
): void {
  endpoints.forEach((id, place) => {
    const known = id === '*' || config.endpoint(id) !== undefined
    if (known && covers(key.endpoints, id)) return
    const pointer = `/endpoints/${place}`
    throw new GatewayError('not_found', `Cannot find endpoint ${id}`, { pointer })
  })
}

function requireAtMost(
  member: string,
  actual: number | undefined,
  limitName: string,
  limit: number | undefined,
): void {
  if (actual === undefined || limit === undefined || actual <= limit) return
  const detail = `Cannot make a token with ${member} ${actual}: ${limit} allowed`
  throw new GatewayError('invalid_request', detail, {
    ...{ pointer: `/${member}`, limitName, limit, actual },
  })
}

function invalid(pointer: string, detail: string): GatewayError {
  return new GatewayError('invalid_request', detail, { pointer })
}
