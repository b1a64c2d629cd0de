import type { Config } from '../../config/config.ts'
import { ruleMark } from './expiry-rules.ts'
import { escapeText, memberOf, membersOf, pieces } from './xml-text.ts'

/** What pages of other origins may do with a bucket. */
export interface CorsRule {
  readonly id: string
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  readonly exposed: readonly string[]
  readonly maxAgeSeconds: number
}

/**
 * The rule that a store needs for browsers: they put parts to presigned URLs, and follow redirects to
 * files. Undefined where none comes: no origin may call, or the store has no presigned URLs.
 */
export function corsRule(config: Config, storeId: string): CorsRule | undefined {
  const { cors, endpointIds, stores } = config
  if (cors === undefined || stores.get(storeId)?.presign !== true) return undefined
  const endpoints = endpointIds.map((id) => config.endpoint(id))
  const mine = endpoints.filter((endpoint) => endpoint?.storeId === storeId)
  if (mine.length === 0) return undefined
  const isRedirected = mine.some((endpoint) => endpoint?.files === 'redirect')
  return {
    id: `${ruleMark}browsers`,
    origins: cors.origins,
    methods: isRedirected ? ['PUT', 'GET', 'HEAD'] : ['PUT'],
    exposed: isRedirected ? ['ETag', 'Content-Range', 'Content-Disposition'] : ['ETag'],
    maxAgeSeconds: cors.maxAgeSeconds,
  }
}

/** A bucket's CORS configuration, each rule as it was written. */
export function readCors(xml: string): string[] {
  return pieces(xml, 'CORSRule')
}

/** Whether a rule is the gateway's own; some stores lose its id. */
export function isOwn(rule: string, own: CorsRule): boolean {
  const id = memberOf(rule, 'ID') ?? ''
  return id === own.id || (id === '' && grants(rule, own))
}

/** Whether a rule grants what `own` does, and nothing else. */
export function grants(rule: string, own: CorsRule): boolean {
  const same = (name: string, wanted: readonly string[]) =>
    membersOf(rule, name).sort().join('\n') === [...wanted].sort().join('\n')
  return (
    same('AllowedOrigin', own.origins) &&
    same('AllowedMethod', own.methods) &&
    same('AllowedHeader', ['*'])
  )
}

/** Our own rule after those of others, which stay as they were. */
export function writeCors(others: readonly string[], own: CorsRule): string {
  const list = (name: string, values: readonly string[]) =>
    values.map((value) => `<${name}>${escapeText(value)}</${name}>`).join('')
  // Which headers a part is signed with is the store's kind to say.
  const rule =
    `<CORSRule><ID>${own.id}</ID>${list('AllowedOrigin', own.origins)}` +
    `${list('AllowedMethod', own.methods)}<AllowedHeader>*</AllowedHeader>` +
    `${list('ExposeHeader', own.exposed)}<MaxAgeSeconds>${own.maxAgeSeconds}</MaxAgeSeconds></CORSRule>`
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
  return `<CORSConfiguration xmlns="${namespace}">${[...others, rule].join('')}</CORSConfiguration>`
}
