import { DEFAULTS } from '../contract/defaults.gen.ts'
import { checkParts, checkStateStore } from './check-preset.ts'
import type { Config } from './config.ts'
import { ConfigError, type ConfigFault } from './config-error.ts'
import { type ConfigDocument, parseDocument } from './parse-document.ts'
import { parseBaseUrl } from './parse-url.ts'
import { readAuth } from './read-auth.ts'
import { readEndpoints } from './read-endpoints.ts'
import { readRunpod } from './read-runpod.ts'
import {
  createSecretReader,
  parseMasterKeys,
  type SecretReader,
  type SecretSource,
} from './read-secrets.ts'
import { readStores } from './read-stores.ts'
import { parseSigningKeys } from './signing-keys.ts'
import { parseWebhookKeys } from './webhook-keys.ts'

export { ConfigError }

/** What the runtime adds to the document. */
export interface RuntimeSettings {
  /** Where the document says nothing: 32. */
  readonly poolParts?: number
  /** `BULKWAY_PROFILE`; empty: none. */
  readonly profile?: string | undefined
}

/**
 * Reads the one configuration document, JSON with comments, as `docs/configuration.md` describes it.
 * `secrets` looks up what the document refers to by name; `runtime` is what suits the runtime where
 * the document says nothing, and the profile of it that is asked for.
 *
 * @throws {ConfigError} with all faults at once
 */
export function readConfig(
  text: string,
  secrets: SecretSource,
  { poolParts = 32, profile = '' }: RuntimeSettings = {},
): Config {
  const { document, place } = parseDocument(text, profile.trim() || undefined)
  const faults: ConfigFault[] = []
  const readSecret = createSecretReader(secrets, faults)

  const publicUrl = parseBaseUrl(document.publicUrl, '/publicUrl', faults)
  const masterKeys = readSecret(document.masterKeys, '/masterKeys')
  const config: Config = {
    publicUrl,
    jobBucketUrl:
      document.jobBucketUrl === undefined
        ? `${publicUrl}/s3`
        : parseBaseUrl(document.jobBucketUrl, '/jobBucketUrl', faults),
    stores: readStores(document, readSecret, faults),
    stateStoreId: document.stateStore,
    endpointIds: Object.freeze(Object.keys(document.endpoints)),
    endpoint: readEndpoints(document, readSecret, faults),
    staging: Object.freeze({ ...DEFAULTS.ConfigStaging, poolParts, ...document.staging }),
    uploads: Object.freeze({ ...DEFAULTS.ConfigUploads, ...document.uploads }),
    access: Object.freeze({ ...DEFAULTS.ConfigAccess, ...document.access }),
    limits: Object.freeze({ ...DEFAULTS.ConfigLimits, ...document.limits }),
    auth: readAuth(document, faults),
    ...(document.cors && { cors: readCors(document.cors, faults) }),
    ...(document.oidc && {
      oidc: readOidc(document.oidc, publicUrl, readSecret, faults),
    }),
    webhooks: readWebhooks(document.webhooks, readSecret, faults),
    sweep: Object.freeze({ ...DEFAULTS.ConfigSweep, ...document.sweep }),
    ...(document.runpod && { runpod: readRunpod(document.runpod, readSecret, faults) }),
    scrub: Object.freeze({ ...DEFAULTS.ConfigScrub, ...document.scrub }),
    allowLoopbackWebhooks: document.allowLoopbackWebhooks ?? DEFAULTS.Config.allowLoopbackWebhooks,
    masterKeys: Object.freeze(parseMasterKeys(masterKeys, '/masterKeys', faults)),
  }

  const stateStore = config.stores.get(config.stateStoreId)
  if (stateStore !== undefined) checkStateStore(stateStore, faults)
  else {
    const message = `names no store: there is no "${config.stateStoreId}"`
    faults.push({ pointer: '/stateStore', message })
  }
  checkParts(config.stores.values(), config, faults)
  const { partsInFlight } = config.staging
  if (config.staging.poolParts < partsInFlight) {
    const message = `must be ${partsInFlight} (partsInFlight) or more: one request could not be served`
    faults.push({ pointer: '/staging/poolParts', message })
  }
  if (faults.length > 0) throw new ConfigError(faults.map(place))
  return Object.freeze(config)
}

function readOidc(
  oidc: NonNullable<ConfigDocument['oidc']>,
  publicUrl: string,
  readSecret: SecretReader,
  faults: ConfigFault[],
): NonNullable<Config['oidc']> {
  const pointer = '/oidc/signingKeys'
  const signingKeys = readSecret(oidc.signingKeys, pointer)
  if (signingKeys.reveal().trim() !== '') {
    parseSigningKeys(signingKeys, (message) => faults.push({ pointer, message }))
  }
  const issuer = URL.parse(publicUrl)?.origin ?? ''
  return Object.freeze({ ...DEFAULTS.ConfigOidc, ...oidc, issuer, signingKeys })
}

function readWebhooks(
  webhooks: ConfigDocument['webhooks'],
  readSecret: SecretReader,
  faults: ConfigFault[],
): Config['webhooks'] {
  const pointer = '/webhooks/signingKeys'
  const text = webhooks?.signingKeys && readSecret(webhooks.signingKeys, pointer)
  const isGiven = text !== undefined && text.reveal().trim() !== ''
  const signingKeys = isGiven
    ? parseWebhookKeys(text, (message) => faults.push({ pointer, message }))
    : []
  return Object.freeze({ ...DEFAULTS.ConfigWebhooks, ...webhooks, signingKeys })
}

function readCors(
  cors: NonNullable<ConfigDocument['cors']>,
  faults: ConfigFault[],
): NonNullable<Config['cors']> {
  cors.origins.forEach((origin, index) => {
    if (origin === '*' || URL.parse(origin)?.origin === origin) return
    const message = 'must be an origin, such as https://app.example.com, or *'
    faults.push({ pointer: `/cors/origins/${index}`, message })
  })
  return Object.freeze({ ...DEFAULTS.ConfigCors, ...cors })
}
