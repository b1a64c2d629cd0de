import { GatewayError } from '../errors.ts'
import { reasonOf, type Secret } from '../log.ts'
import type { Platform } from '../platform.ts'
import { cleanText } from '../scrub/clean.ts'
import { compileSecrets } from '../scrub/scrubber.ts'
import { encodeRfc3986 } from '../sigv4/encode.ts'
import { issuerFault, issueWithin, readIssued, refused, unavailable } from './issue-within.ts'
import { readSessionKeys, readStsError, type SessionKeys } from './sts-answer.ts'

/** An action of STS and its parameters. */
export interface StsForm {
  readonly Action: string
  readonly [parameter: string]: string
}

/** One try: what it sends, and what must not stand in a log because of it. */
export interface StsTry {
  readonly form: StsForm
  readonly secrets: readonly Secret[]
  /** Headers that prove who asks, for this body; none where the form itself does. */
  sign?(url: URL, headers: Headers, body: Uint8Array): Promise<Headers>
}

export interface StsRequest {
  readonly platform: Platform
  readonly endpoint: string
  /** Milliseconds for all tries together. */
  readonly timeoutMs: number
  /** Made anew for each try: signatures and tokens age. */
  prepare(): Promise<StsTry>
}

/** Codes that pass, whatever their status: STS says most of them with a 400. */
const passing =
  /^(Throttl|RequestThrottled|TooManyRequests|RequestLimitExceeded|SlowDown|IDPCommunicationError|Internal|ServiceUnavailable|RequestTimeout$)/

/** Characters of an answer's message that go to the log. */
const shownCharacters = 300

/**
 * Asks an STS for keys, again while it is throttled or out of reach.
 * @throws {GatewayError} access_refused, access_unavailable; neither they nor their causes hold secrets
 */
export async function requestSession(request: StsRequest): Promise<SessionKeys> {
  return await issueWithin(request.platform, request.timeoutMs, async (signal) => {
    const answer = await ask(request, signal)
    if (answer.status !== 200) throw await faultOf(answer)
    const { Action: action } = answer.sent.form
    const keys = readSessionKeys(answer.text, action)
    if (keys === undefined) throw refused(`The answer to ${action} holds no keys`)
    return keys
  })
}

/**
 * Whether an STS refuses a request that it should refuse; asks again as `requestSession` does.
 * @throws {GatewayError} access_unavailable while that is not known
 */
export async function isRefused(request: StsRequest): Promise<boolean> {
  return await issueWithin(request.platform, request.timeoutMs, async (signal) => {
    const answer = await ask(request, signal)
    if (answer.status < 400) return false
    const fault = await faultOf(answer)
    if (fault.code === 'access_unavailable') throw fault
    return true
  })
}

interface StsAnswer {
  readonly sent: StsTry
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

async function ask(request: StsRequest, signal: AbortSignal): Promise<StsAnswer> {
  const { platform, timeoutMs } = request
  const sent = await request.prepare()
  const url = new URL(request.endpoint)
  const body = new TextEncoder().encode(encodeForm(sent.form))
  const plain = new Headers({ 'content-type': formType, accept: 'text/xml' })
  const headers = (await sent.sign?.(url, plain, body)) ?? plain
  try {
    const answer = await platform.send({
      ...{ method: 'POST', url: url.href, headers, body, signal },
      idleTimeoutMs: timeoutMs,
      idempotent: true,
    })
    return { sent, status: answer.status, headers: answer.headers, text: await readIssued(answer) }
  } catch (error) {
    throw error instanceof GatewayError ? error : unavailable(new Error(reasonOf(error)))
  }
}

async function faultOf({ sent, status, headers, text }: StsAnswer): Promise<GatewayError> {
  const error = readStsError(text)
  if (error === undefined) return issuerFault({ status, headers }, 'without an error code')
  const reason = `${error.code}: ${await clean(error.message, sent.secrets)}`
  return passing.test(error.code)
    ? unavailable(new Error(`The issuer answered ${status} ${reason}`))
    : issuerFault({ status, headers }, reason)
}

const formType = 'application/x-www-form-urlencoded; charset=utf-8'

// Spaces as %20: radosgw does not take `+` for one.
function encodeForm(form: StsForm): string {
  return Object.entries({ ...form, Version: '2011-06-15' })
    .map(([name, value]) => `${name}=${encodeRfc3986(value)}`)
    .join('&')
}

/** A message without what was sent to get it, cut to a length that suits a log. */
async function clean(message: string, secrets: readonly Secret[]): Promise<string> {
  const compiled = compileSecrets(secrets.map((value) => ({ kind: 'sent', value })))
  const text = await cleanText(message, { secrets: compiled, signedHosts: [], json: false })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, shownCharacters)
}
