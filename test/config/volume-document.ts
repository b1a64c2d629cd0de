import type { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { readConfig } from '../../src/config/read-config.ts'

const env: Record<string, string> = {
  ID: 'user_account',
  SECRET: 'rps_account',
  RUNPOD: 'rpa_operator',
  KEYS: `k1:${btoa('a'.repeat(32))}`,
}
const keys = { accessKeyId: { env: 'ID' }, secretAccessKey: { env: 'SECRET' } }
const state = {
  ...{ kind: 's3', region: 'eu-central-1', bucket: 'bulkway', ...keys },
  endpoint: 'https://s3.eu-central-1.amazonaws.com',
}

/** What is merged into the store, the endpoint, `*` and the document. */
export interface Change {
  readonly volume?: object
  readonly endpoint?: object
  readonly shared?: object
  readonly more?: object
}

/** A document whose endpoint `a` has a network volume, read. */
export function readVolumes({ volume, endpoint, shared, more }: Change = {}): Config {
  const document = {
    publicUrl: 'https://gateway.example',
    stores: {
      main: state,
      volume: {
        ...{ kind: 'runpod-volume', bucket: 'agv6w2qcg7', dataCenterId: 'EU-RO-1', ...keys },
        ...volume,
      },
    },
    stateStore: 'main',
    endpoints: {
      '*': { store: 'volume', ...shared },
      a: { as: 'path', access: 'volume', ...endpoint },
    },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
    ...more,
  }
  return readConfig(JSON.stringify(document), (name) => env[name])
}

/** What is wrong with it, by pointer. */
export function faultsOf(change: Change): Record<string, string> {
  try {
    readVolumes(change)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.faults.map(({ pointer, message }) => [pointer, message]))
  }
  throw new Error('The configuration was taken')
}
