import { findQuery, type QueryPair } from './query.ts'
import type { Scope } from './sign.ts'

/** What a request says about its own SigV4 signature, unproven. */
export interface SigV4Claim {
  readonly kind: 'header' | 'query'
  readonly accessId: string
  readonly scope: Scope
  /** Lower-case names, in the order given. */
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string
  /** Milliseconds since the epoch. */
  readonly signedAt: number
  /** Life of a presigned URL in seconds; undefined in a header. */
  readonly expiresInSeconds: number | undefined
}

/** Why a claim cannot be read. */
export type ClaimFault = 'malformed' | 'no-date' | 'wrong-service' | 'bad-expiry'

const longestSeconds = 604_800

/** Reads `Authorization: AWS4-HMAC-SHA256 …` and `x-amz-date`. */
export function readHeaderClaim(
  authorization: string,
  date: string | null,
): SigV4Claim | ClaimFault {
  const fields = new Map<string, string>()
  for (const part of authorization.replace(/^AWS4-HMAC-SHA256\s+/, '').split(',')) {
    const at = part.indexOf('=')
    if (at > 0) fields.set(part.slice(0, at).trim(), part.slice(at + 1).trim())
  }
  if (date === null) return 'no-date'
  return readClaim('header', {
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
    date,
  })
}

/** Reads the `X-Amz-*` parameters of a presigned URL. */
export function readQueryClaim(query: readonly QueryPair[]): SigV4Claim | ClaimFault {
  const expires = findQuery(query, 'X-Amz-Expires') ?? ''
  const seconds = /^\d{1,7}$/.test(expires) ? Number(expires) : Number.NaN
  if (!(seconds >= 1 && seconds <= longestSeconds)) return 'bad-expiry'
  const claim = readClaim('query', {
    credential: findQuery(query, 'X-Amz-Credential'),
    signedHeaders: findQuery(query, 'X-Amz-SignedHeaders'),
    signature: findQuery(query, 'X-Amz-Signature'),
    date: findQuery(query, 'X-Amz-Date'),
  })
  return typeof claim === 'string' ? claim : { ...claim, expiresInSeconds: seconds }
}

function readClaim(
  kind: 'header' | 'query',
  fields: Readonly<
    Record<'credential' | 'signedHeaders' | 'signature' | 'date', string | undefined>
  >,
): SigV4Claim | ClaimFault {
  // From the right: an access id may hold slashes.
  const parts = fields.credential?.split('/') ?? []
  const [date, region, service, terminator] = parts.slice(-4)
  const accessId = parts.slice(0, -4).join('/')
  const { signature, signedHeaders, date: timestamp } = fields
  if (timestamp === undefined) return 'no-date'
  const signedAt = parseTimestamp(timestamp)
  if (signedAt === undefined) return 'no-date'
  if (accessId === '' || date === undefined || region === undefined || service === undefined) {
    return 'malformed'
  }
  if (terminator !== 'aws4_request' || date !== timestamp.slice(0, 8)) return 'malformed'
  if (signature === undefined || !/^[0-9a-f]{64}$/.test(signature)) return 'malformed'
  const names = signedHeaders?.split(';') ?? []
  if (!names.includes('host') || names.some((name) => !/^[!-~]+$/.test(name))) return 'malformed'
  if (names.some((name) => name !== name.toLowerCase())) return 'malformed'
  if (service !== 's3') return 'wrong-service'
  return {
    kind,
    accessId,
    scope: { date, region, service },
    signedHeaders: names,
    signature,
    timestamp,
    signedAt,
    expiresInSeconds: undefined,
  }
}

/** Milliseconds since the epoch of `YYYYMMDDTHHMMSSZ`; undefined when malformed. */
export function parseTimestamp(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time) ? undefined : time
}
