import { DEFAULTS } from '../contract/defaults.gen.ts'
import type { Secret } from '../log.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { parseBaseUrl } from './parse-url.ts'
import type { SecretReader } from './read-secrets.ts'

/** RunPod's management API, which knows which network volumes an endpoint has. */
export interface RunpodConfig {
  /** No trailing slash. */
  readonly restUrl: string
  /** Absent: the endpoint's own. */
  readonly apiKey?: Secret
  readonly cacheSeconds: number
  readonly timeoutMs: number
}

/** Reads where volumes are looked up. */
export function readRunpod(
  document: NonNullable<ConfigDocument['runpod']>,
  readSecret: SecretReader,
  faults: ConfigFault[],
): RunpodConfig {
  const { apiKey, ...rest } = { ...DEFAULTS.ConfigRunpod, ...document }
  return Object.freeze({
    ...rest,
    // A key is sent there: over https alone.
    restUrl: parseBaseUrl(rest.restUrl, '/runpod/restUrl', faults),
    ...(apiKey && { apiKey: readSecret(apiKey, '/runpod/apiKey') }),
  })
}
