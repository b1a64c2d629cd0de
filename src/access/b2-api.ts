import type { B2Config } from '../config/config.ts'
import { Secret } from '../log.ts'
import type { IncomingResponse, Platform } from '../platform.ts'
import { issuerFault, issueWithin, readIssued, refused, unavailable } from './issue-within.ts'

/** What a new application key may do. */
export interface KeyToCreate {
  /** Letters, digits and `-`, at most 100 of them. */
  readonly keyName: string
  readonly capabilities: readonly string[]
  readonly bucketId: string
  readonly namePrefix: string
  /** 1 to 86,399,999. */
  readonly validDurationInSeconds: number
}

export interface CreatedKey {
  readonly applicationKeyId: string
  readonly applicationKey: Secret
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/**
 * The calls of B2's native API that concern application keys, version 3: its keys are those of one
 * bucket, version 4 makes and deletes multi-bucket keys alone.
 * https://www.backblaze.com/apidocs/b2-authorize-account, …/b2-create-key, …/b2-delete-key,
 * https://www.backblaze.com/docs/cloud-storage-native-api-versions
 */
export interface B2Api {
  /**
   * Makes an application key; one that is not as asked is deleted again. Where the answer is lost,
   * so is the only copy of the secret: such a key is nobody's, and expires by itself.
   * @throws {GatewayError} access_refused, access_unavailable
   */
  createKey(key: KeyToCreate): Promise<CreatedKey>
  /**
   * Deletes an application key; one that is gone is no fault.
   * @throws {GatewayError} access_refused, access_unavailable
   */
  deleteKey(applicationKeyId: string): Promise<void>
}

/** From b2_authorize_account; good for 24 hours. */
interface Account {
  readonly accountId: string
  readonly apiUrl: string
  readonly authorizationToken: Secret
}

interface Answer {
  readonly response: IncomingResponse
  /** The JSON object of the body; empty where there was none. */
  readonly fields: Readonly<Record<string, unknown>>
  /** B2's name for what went wrong. */
  readonly code: string
}

const encoder = new TextEncoder()

/** Renewed by these alone: other 401s are about what the key may do. */
const staleToken = ['bad_auth_token', 'expired_auth_token']

/** Makes the client of one account; each of its calls takes at most `timeoutMs`, repetitions included. */
export function createB2Api(
  config: Pick<B2Config, 'endpoint' | 'keyId' | 'applicationKey'>,
  platform: Pick<Platform, 'send' | 'now' | 'wait'>,
  timeoutMs: number,
): B2Api {
  // A value, never a pending promise: on Workers one request must not await another's.
  let known: Account | undefined

  async function send(url: string, authorization: string, signal: AbortSignal, body?: object) {
    const headers = new Headers({ authorization, 'user-agent': 'bulkway' })
    if (body !== undefined) headers.set('content-type', 'application/json')
    let response: IncomingResponse
    try {
      response = await platform.send({
        method: body === undefined ? 'GET' : 'POST',
        url,
        headers,
        ...(body && { body: encoder.encode(JSON.stringify(body)) }),
        signal,
        idleTimeoutMs: timeoutMs,
      })
    } catch (cause) {
      throw unavailable(cause)
    }
    const fields = parseObject(await readIssued(response))
    const code = text(fields, 'code', /^[a-z0-9_]{1,64}$/) ?? 'without a code'
    return { response, fields, code }
  }

  async function authorize(signal: AbortSignal): Promise<Account> {
    const pair = `${config.keyId.reveal()}:${config.applicationKey.reveal()}`
    const url = `${config.endpoint}/b2api/v3/b2_authorize_account`
    const answer = await send(url, `Basic ${encodeBase64(pair)}`, signal)
    if (answer.response.status !== 200) throw faultOf('b2_authorize_account', answer)
    const { fields } = answer
    const accountId = text(fields, 'accountId', /^[\x21-\x7e]{1,256}$/)
    const token = text(fields, 'authorizationToken', /^[\x21-\x7e]{1,4096}$/)
    const storageApi = object(object(fields, 'apiInfo'), 'storageApi')
    const apiUrl = trustedUrl(text(storageApi, 'apiUrl', /^http/), config.endpoint)
    if (accountId === undefined || token === undefined || apiUrl === undefined) {
      throw refused('b2_authorize_account gave no account, token or trusted apiUrl')
    }
    known = { accountId, apiUrl, authorizationToken: new Secret(token) }
    return known
  }

  async function call(
    name: string,
    signal: AbortSignal,
    body: (account: Account) => object,
  ): Promise<Answer> {
    const ask = (account: Account) =>
      send(
        `${account.apiUrl}/b2api/v3/${name}`,
        account.authorizationToken.reveal(),
        signal,
        body(account),
      )
    const account = known ?? (await authorize(signal))
    const answer = await ask(account)
    if (answer.response.status !== 401 || !staleToken.includes(answer.code)) return answer
    if (known === account) known = undefined
    return await ask(known ?? (await authorize(signal)))
  }

  async function createKey(key: KeyToCreate): Promise<CreatedKey> {
    const fields = await issueWithin(platform, timeoutMs, async (signal) => {
      const answer = await call('b2_create_key', signal, ({ accountId }) => ({ accountId, ...key }))
      if (answer.response.status !== 200) throw faultOf('b2_create_key', answer)
      return answer.fields
    })
    const applicationKeyId = text(fields, 'applicationKeyId', /^[A-Za-z0-9]{1,128}$/)
    const applicationKey = text(fields, 'applicationKey', /^[\x21-\x7e]{8,256}$/)
    const expiresAt = fields['expirationTimestamp']
    const isAsAsked =
      fields['bucketId'] === key.bucketId &&
      fields['namePrefix'] === key.namePrefix &&
      Array.isArray(fields['capabilities']) &&
      fields['capabilities'].every((capability) => key.capabilities.includes(capability))
    if (
      applicationKeyId !== undefined &&
      applicationKey !== undefined &&
      typeof expiresAt === 'number' &&
      isAsAsked
    ) {
      return { applicationKeyId, applicationKey: new Secret(applicationKey), expiresAt }
    }
    // What is wider than asked, or never ends, must not stay; the reason remains the first one.
    if (applicationKeyId !== undefined) await deleteKey(applicationKeyId).catch(() => {})
    throw refused('b2_create_key gave no key, or another than was asked for')
  }

  async function deleteKey(applicationKeyId: string): Promise<void> {
    await issueWithin(platform, timeoutMs, async (signal) => {
      const answer = await call('b2_delete_key', signal, () => ({ applicationKeyId }))
      if (answer.response.status === 200 || isGone(answer)) return
      throw faultOf('b2_delete_key', answer)
    })
  }

  return { createKey, deleteKey }
}

function faultOf(name: string, { response, code }: Answer): Error {
  return issuerFault(response, `${code} to ${name}`)
}

/** B2 has no code of its own for a key that does not exist, only a text. */
function isGone({ response, code, fields }: Answer): boolean {
  const message = text(fields, 'message', /^/) ?? ''
  return (
    response.status === 400 &&
    code === 'bad_request' &&
    /\b(does not exist|not found|no such)\b/i.test(message)
  )
}

/** The account's token is sent there: to B2, or to where the account's key is sent anyway. */
function trustedUrl(apiUrl: string | undefined, endpoint: string): string | undefined {
  const url = URL.parse(apiUrl ?? '')
  if (url === null || url.username !== '' || url.password !== '') return undefined
  const isB2 = url.protocol === 'https:' && /(^|\.)backblazeb2\.com$/.test(url.host)
  if (!isB2 && url.origin !== new URL(endpoint).origin) return undefined
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  try {
    return object({ value: JSON.parse(json) }, 'value')
  } catch {
    return {}
  }
}

function object(fields: object, name: string): Readonly<Record<string, unknown>> {
  const value: unknown = Object.entries(fields).find(([field]) => field === name)?.[1]
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function text(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  form: RegExp,
): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && form.test(value) ? value : undefined
}

function encodeBase64(text: string): string {
  return btoa(String.fromCharCode(...encoder.encode(text)))
}
