import { leakForms } from '../../../dev/worker/leak.ts'
import type { Deps } from '../../../src/flows/deps.ts'
import { MemoryStore } from '../../intake/memory-store.ts'
import { type FakeGateway, fakeGateway } from '../fake-deps.ts'

const keys = { accessKeyId: { env: 'ANY' }, secretAccessKey: { env: 'ANY' } }
const volumeKeys = {
  accessKeyId: { env: 'VOLUME_KEY_ID' },
  secretAccessKey: { env: 'VOLUME_SECRET' },
}

/** A gateway whose `demo` has a network volume, and whose state lies elsewhere. */
export interface VolumeBed {
  readonly gateway: FakeGateway
  readonly deps: Deps
  /** What lies on the volume, by the gateway's own keys. */
  readonly volume: MemoryStore
}

/** `endpoint` is merged into the settings of `demo`, `more` into the document. */
export function openVolume(endpoint: object = {}, more: object = {}): VolumeBed {
  const gateway = fakeGateway({
    stores: {
      main: {
        ...{ kind: 's3', endpoint: 'https://store.example', region: 'auto', bucket: 'bucket' },
        ...keys,
      },
      volume: {
        ...{ kind: 'runpod-volume', bucket: 'agv6w2qcg7', dataCenterId: 'EU-RO-1' },
        ...volumeKeys,
      },
    },
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'volume' },
      demo: { as: 'path', access: 'volume', stage: 'always', ...endpoint },
    },
    ...more,
  })
  const volume = new MemoryStore()
  const store = (id: string) => (id === 'volume' ? volume : gateway.store)
  return { gateway, deps: { ...gateway.deps, store }, volume }
}

/** What the platform was given last. */
export function lastRun({ gateway }: VolumeBed): Record<string, unknown> & { input: never } {
  const sent = gateway.sent.findLast(({ url }) => url.endsWith('/run'))
  return JSON.parse(Buffer.from(sent?.body ?? []).toString())
}

/** Which of these texts have a key of a store in any form in which it can leave. */
export function leaksOf({ deps }: VolumeBed, texts: readonly string[]): string[] {
  const forms = [...deps.config.stores.values()].flatMap(({ accessKeyId, secretAccessKey }) => [
    ...Object.values(leakForms(accessKeyId.reveal())),
    ...Object.values(leakForms(secretAccessKey.reveal())),
  ])
  return texts.filter((text) => forms.some((form) => text.includes(form)))
}
