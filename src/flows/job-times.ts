import type { EndpointConfig } from '../config/config.ts'
import { beyond, parseRetention, type Retention } from '../config/read-retention.ts'
import { GatewayError } from '../errors.ts'
import { type Lifetimes, lifetimesOf } from '../grants/ttl.ts'
import type { Call, Deps } from './deps.ts'

/** By which a request says how long what belongs to its job is kept. */
export const retentionHeader = 'bulkway-retention'

/**
 * The times of a request's job as they would be now; `ttl` is that of its policy, unchecked.
 *
 * @throws {GatewayError} as `readRetention`
 */
export function jobTimes(
  { config, platform }: Pick<Deps, 'config' | 'platform'>,
  { headers }: Pick<Call, 'headers'>,
  endpoint: EndpointConfig,
  ttl: unknown,
): Lifetimes {
  const retention = readRetention(endpoint, headers)
  return lifetimesOf({ ...config.access, now: platform.now(), ttl, retention })
}

/**
 * The times that a request has at most, before anything of its body is known. What is no job, `within`
 * a whole document, is kept as long as its answer may take.
 *
 * @throws {GatewayError} as `readRetention`
 */
export function longestTimes(
  deps: Pick<Deps, 'config' | 'platform'>,
  call: Pick<Call, 'headers'>,
  endpoint: EndpointConfig,
  within: 'input' | 'items' | 'document',
): Lifetimes {
  if (within !== 'document') return jobTimes(deps, call, endpoint, Infinity)
  if (call.headers.has(retentionHeader)) {
    const detail = 'Bulkway-Retention is for jobs alone: run, runsync and the requests of a batch'
    throw new GatewayError('retention_refused', detail)
  }
  return lifetimesOf({ ...deps.config.access, now: deps.platform.now(), ttl: Infinity })
}

/**
 * How long what belongs to a request's job is kept: as the header says, within the endpoint's bounds,
 * or as the endpoint does.
 *
 * @throws {GatewayError} retention_refused, which names the bound
 */
export function readRetention(endpoint: EndpointConfig, headers: Headers): Retention {
  const text = headers.get(retentionHeader)
  if (text === null) return endpoint.retention?.default ?? 'job'
  const asked = parseRetention(text.trim())
  if (asked === undefined) {
    throw new GatewayError(
      'retention_refused',
      'Bulkway-Retention must be job, a number of seconds, or persistent',
    )
  }
  const bounds = endpoint.retention
  if (bounds === undefined) {
    if (asked === 'job') return asked
    throw new GatewayError(
      'retention_refused',
      'The endpoint keeps what belongs to a job as long as the job’s own times say: set "retention" ' +
        'for the endpoint in the configuration, or send no Bulkway-Retention',
    )
  }
  const limitName = beyond(bounds, asked)
  if (limitName === undefined) return asked
  if (limitName === 'persistent' || typeof asked === 'string') {
    throw new GatewayError(
      'retention_refused',
      'The endpoint keeps nothing for good: ask for seconds, or have "retention.persistent" set to true',
      { limitName: 'retention.persistent' },
    )
  }
  const limit = bounds[limitName]
  const than = limitName === 'minSeconds' ? 'less' : 'more'
  throw new GatewayError(
    'retention_refused',
    `Cannot keep files for ${asked} s from the end of the job: no ${than} than ${limit} s here`,
    { limitName: `retention.${limitName}`, limit, actual: asked },
  )
}

/** Whether a request asks for more than its job would have, had it no grant. */
export function asksForRetention(headers: Headers): boolean {
  return (headers.get(retentionHeader) ?? 'job').trim() !== 'job'
}
