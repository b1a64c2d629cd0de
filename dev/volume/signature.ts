import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** A key of a user's account. */
export interface AccountKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** What `x-amz-content-sha256` says of the body: its SHA-256 in hex, or that it is not signed. */
export type PayloadHash = 'UNSIGNED-PAYLOAD' | (string & {})

const skewMs = 3_600_000

/**
 * Checks the SigV4 signature in a request's header, as S3 makes it: region (a datacenter's id, in
 * either case), service, a clock that is at most an hour off, and every `x-amz-` header signed.
 * Written apart from the product's own signer, so that neither covers the other's mistakes.
 */
export function checkSignature(
  request: IncomingMessage,
  keys: readonly AccountKey[],
  region: string,
  now: number,
): PayloadHash {
  const [rawPath = '/', rawQuery = ''] = splitOnce(request.url ?? '/', '?')
  if (/(^|&)X-Amz-(Signature|Credential)=/i.test(rawQuery) || /(^|&)Signature=/.test(rawQuery)) {
    throw new Refusal(403, 'AccessDenied', 'Presigned URLs are not supported')
  }
  const claim = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(request.headers.authorization ?? '')?.[1]
  if (claim === undefined) throw new Refusal(403, 'AccessDenied', 'Anonymous access is forbidden')
  const fields = new Map(
    claim.split(',').map((one) => {
      const [name = '', value = ''] = splitOnce(one.trim(), '=')
      return [name, value] as const
    }),
  )
  const scope = (fields.get('Credential') ?? '').split('/')
  const [accessKeyId, date = '', signedRegion = '', service, terminator] = scope
  const key = keys.find((one) => one.accessKeyId === accessKeyId)
  if (key === undefined) {
    throw new Refusal(403, 'InvalidAccessKeyId', 'The access key does not exist in our records')
  }
  if (
    signedRegion.toUpperCase() !== region.toUpperCase() ||
    service !== 's3' ||
    terminator !== 'aws4_request'
  ) {
    const wanted = `the region '${signedRegion}' is wrong; expecting '${region}'`
    throw new Refusal(400, 'AuthorizationHeaderMalformed', `The header is malformed: ${wanted}`)
  }
  const timestamp = headerOf(request, 'x-amz-date')
  if (Math.abs(now - timeOf(timestamp)) > skewMs || timestamp.slice(0, 8) !== date) {
    throw new Refusal(403, 'RequestTimeTooSkewed', 'The request time is too far from the server’s')
  }
  const signedHeaders = (fields.get('SignedHeaders') ?? '').split(';')
  const unsigned = Object.keys(request.headers).filter(
    (name) => name.startsWith('x-amz-') && !signedHeaders.includes(name),
  )
  if (unsigned.length > 0 || !signedHeaders.includes('host')) {
    throw new Refusal(403, 'AccessDenied', `There were headers that were not signed: ${unsigned}`)
  }
  const payloadHash = headerOf(request, 'x-amz-content-sha256')
  const canonical = [
    request.method,
    rawPath,
    canonicalQuery(rawQuery),
    ...signedHeaders.map((name) => `${name}:${headerOf(request, name).trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', timestamp, scope.slice(1).join('/'), sha256(canonical)]
  let signing: Buffer = Buffer.from(`AWS4${key.secretAccessKey}`)
  for (const step of scope.slice(1)) signing = hmac(signing, step)
  const expected = hmac(signing, text.join('\n'))
  const given = Buffer.from(fields.get('Signature') ?? '', 'hex')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The signature does not match')
  }
  return payloadHash
}

function canonicalQuery(raw: string): string {
  const pairs = raw
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => splitOnce(pair, '=').map((text) => encode(decodeURIComponent(text))))
    .map(([name = '', value = '']) => [name, value] as const)
  pairs.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : (value ?? '')
}

function timeOf(timestamp: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp)
  if (match === null) return Number.NEGATIVE_INFINITY
  const [, year, month, day, hour, minute, second] = match
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

function splitOnce(text: string, at: string): string[] {
  const index = text.indexOf(at)
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)]
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest()
}
