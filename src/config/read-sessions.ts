import { DEFAULTS } from '../contract/defaults.gen.ts'
import type { SessionsConfig } from './config.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'

type EndpointDocument = ConfigDocument['endpoints'][string]

/**
 * Reads an endpoint's sessions. A job whose session goes to another must lose it at once, so it has to
 * reach it through the job bucket, or lie on a volume.
 */
export function readSessions(
  { access = 'job-bucket', s3Config, sessions, store }: EndpointDocument,
  at: (field: keyof EndpointDocument) => string,
  faults: ConfigFault[],
): SessionsConfig {
  const pointer = at('sessions')
  if (store === undefined) {
    faults.push({ pointer: at('store'), message: 'is required where "sessions" is set' })
  }
  if (access !== 'job-bucket' && access !== 'volume') {
    const message = `must not be set where access is "${access}": use "job-bucket" or "volume", which a job can be made to leave`
    faults.push({ pointer, message })
  } else if (access === 'job-bucket' && s3Config === 'never') {
    const message =
      'must not be set where s3Config is "never": the worker could not reach the session'
    faults.push({ pointer, message })
  }
  return Object.freeze({ ...DEFAULTS.ConfigSessions, ...sessions })
}
