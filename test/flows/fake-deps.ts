import type { Config } from '../../src/config/config.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Call, Deps } from '../../src/flows/deps.ts'
import { createBatchNotes } from '../../src/grants/batch-notes.ts'
import { createGrants } from '../../src/grants/stored-grants.ts'
import type { LogEvent } from '../../src/log.ts'
import type { IncomingResponse, OutgoingRequest } from '../../src/platform.ts'
import { buildDeps } from '../../src/runtimes/build-deps.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { createUploads } from '../../src/uploads/stored-uploads.ts'
import { answer, MemoryStore } from '../intake/memory-store.ts'

/** What was sent upstream, its body read whole. */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

/** A whole gateway over a store in memory and an upstream that is a function. */
export interface FakeGateway {
  readonly deps: Deps
  readonly store: MemoryStore
  readonly sent: Sent[]
  readonly logged: LogEvent[]
  readonly clock: { now: number }
  /** Resolves when nothing goes on beside the answers any more. */
  idle(): Promise<void>
  /** Another instance over the same state, with caches of its own. */
  another(): Deps
  /** What upstream answers; 200 and a queued job by default. */
  upstream: (sent: Sent) => IncomingResponse | Promise<IncomingResponse>
}

/** `changes` are merged into the configuration document. */
export function fakeGateway(changes: Record<string, unknown> = {}): FakeGateway {
  const config = fakeConfig(changes)
  const store = new MemoryStore()
  const logged: LogEvent[] = []
  const log = { write: (_: string, event: LogEvent) => void logged.push(event) }
  const clock = { now: Date.parse('2026-11-21T12:00:00Z') }
  const sent: Sent[] = []
  const background: Promise<unknown>[] = []
  const platform = {
    ...createNodePlatform(log),
    now: () => clock.now,
    // Pauses are over at once, deadlines never come.
    wait: (ms: number) => (ms < 1000 ? Promise.resolve() : new Promise<void>(() => {})),
    waitUntil: (task: Promise<unknown>) => void background.push(task),
    resolve: async () => ['93.184.216.34'],
    async send({ method, url, headers, body }: OutgoingRequest): Promise<IncomingResponse> {
      const request = { method, url, headers, body: await readAll(body) }
      sent.push(request)
      return await gateway.upstream(request)
    },
  }
  function another(): Deps {
    const deps = buildDeps(config, platform, log)
    const { keyring } = deps
    const grants = createGrants({ store, keyring, platform, grantCacheSeconds: 10 })
    const uploads = createUploads({ store, keyring, platform })
    const batches = createBatchNotes({ store, keyring, platform, cacheSeconds: 10 })
    return { ...deps, grants, batches, uploads, stateStore: store, store: () => store }
  }
  const gateway: FakeGateway = {
    deps: another(),
    store,
    sent,
    logged,
    clock,
    another,
    async idle() {
      for (let task = background.shift(); task !== undefined; task = background.shift()) await task
    },
    upstream: ({ url }) =>
      url.endsWith('/health')
        ? answer(200, '{}')
        : answer(200, '{"id":"job-1","status":"IN_QUEUE"}', { 'content-type': 'application/json' }),
  }
  return gateway
}

/** The configuration of the fake gateway. */
export function fakeConfig(changes: Record<string, unknown> = {}): Config {
  const document = {
    publicUrl: 'https://gateway.example',
    stores: {
      main: {
        kind: 's3',
        endpoint: 'https://store.example',
        region: 'auto',
        bucket: 'bucket',
        accessKeyId: { env: 'ANY' },
        secretAccessKey: { env: 'ANY' },
      },
    },
    stateStore: 'main',
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      plain: {},
      demo: { as: 'key', s3Config: 'always' },
    },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
    ...changes,
  }
  return readConfig(JSON.stringify(document), (name) => {
    if (name === 'BULKWAY_PROFILE') return undefined
    if (name === 'KEYS') return `k1:${btoa('a'.repeat(32))}`
    return secrets[name] ?? 'any-secret'
  })
}

/** Secrets that differ from all others, by their names. */
const secrets: Readonly<Record<string, string>> = {
  VOLUME_KEY_ID: 'user_2volumeKeyIdOfATest',
  VOLUME_SECRET: 'rps_Volume/Secret+OfATest="1"',
}

/** A call with a body in one chunk, its length announced. */
export function callOf(
  endpointId: string,
  text?: string,
  headers: Record<string, string> = {},
): Call {
  const bytes = text === undefined ? undefined : new TextEncoder().encode(text)
  return {
    requestId: 'request-1',
    method: 'POST',
    endpointId,
    search: '',
    headers: new Headers({ authorization: 'Bearer a-key', ...headers }),
    body: bytes && answer(200, bytes).body,
    contentLength: bytes?.length,
  }
}

async function readAll(body: OutgoingRequest['body']): Promise<Uint8Array | undefined> {
  if (body === undefined || body instanceof Uint8Array) return body?.slice()
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(chunk.slice())
  }
  return Buffer.concat(chunks)
}
