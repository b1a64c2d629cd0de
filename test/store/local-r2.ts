import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../dev/child.ts'
import { type StoreFacts, startStore } from '../../dev/store.ts'
import type { StoreConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/log.ts'

/** Starts an empty local R2 with its S3 endpoint; `stop` ends it and removes its data. */
export async function startLocalR2(): Promise<{ config: StoreConfig; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkway-r2-'))
  const store = await startStore({ port: await freePorts(1), directory })
  return {
    config: configOf(store),
    async stop() {
      await store.stop()
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

/** The configuration of a path-style store. */
export function configOf(facts: StoreFacts): StoreConfig {
  return {
    id: 'local',
    kind: 's3',
    endpoint: facts.endpoint,
    region: facts.region,
    bucket: facts.bucket,
    pathStyle: true,
    presign: true,
    accessKeyId: new Secret(facts.accessKeyId),
    secretAccessKey: new Secret(facts.secretAccessKey),
  }
}
