import { DEFAULTS } from '../contract/defaults.gen.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'

/** How long what belongs to a job is kept: as its lifetimes say, seconds from its end, or for good. */
export type Retention = 'job' | 'persistent' | number

/** What the requests of an endpoint may ask for. */
export interface RetentionConfig {
  readonly default: Retention
  readonly minSeconds: number
  readonly maxSeconds: number
  readonly persistent: boolean
}

type RetentionDocument = NonNullable<ConfigDocument['endpoints'][string]['retention']>

/** A retention as configuration and header spell it; undefined for any other text. */
export function parseRetention(text: string): Retention | undefined {
  if (text === 'job' || text === 'persistent') return text
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

/** Reads the retention of one endpoint; its default has to keep its own bounds. */
export function readRetentionConfig(
  document: RetentionDocument,
  pointer: string,
  faults: ConfigFault[],
): RetentionConfig {
  const merged = { ...DEFAULTS.ConfigRetention, ...document }
  const config = { ...merged, default: parseRetention(merged.default) ?? ('job' as const) }
  const { minSeconds, maxSeconds, persistent } = config
  if (minSeconds > maxSeconds) {
    const message = `must be ${maxSeconds} (maxSeconds) or less`
    faults.push({ pointer: `${pointer}/minSeconds`, message })
  }
  const excess = beyond(config, config.default)
  if (excess === 'persistent') {
    const message = `must not be "persistent" where persistent is ${persistent}`
    faults.push({ pointer: `${pointer}/default`, message })
  } else if (excess !== undefined) {
    const message = `must be ${minSeconds} (minSeconds) to ${maxSeconds} (maxSeconds), job or persistent`
    faults.push({ pointer: `${pointer}/default`, message })
  }
  return Object.freeze(config)
}

/** The bound that a retention would pass; undefined when it keeps them all. `job` always does. */
export function beyond(
  { minSeconds, maxSeconds, persistent }: Omit<RetentionConfig, 'default'>,
  retention: Retention,
): 'minSeconds' | 'maxSeconds' | 'persistent' | undefined {
  if (retention === 'job') return undefined
  if (retention === 'persistent') return persistent ? undefined : 'persistent'
  if (retention < minSeconds) return 'minSeconds'
  return retention > maxSeconds ? 'maxSeconds' : undefined
}
