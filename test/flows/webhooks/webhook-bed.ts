import type { Config } from '../../../src/config/config.ts'
import type { Deps } from '../../../src/flows/deps.ts'
import { createGrants } from '../../../src/grants/stored-grants.ts'
import { createApp } from '../../../src/http/app.ts'
import type { IncomingResponse, OutgoingRequest } from '../../../src/platform.ts'
import { buildDeps } from '../../../src/runtimes/build-deps.ts'
import { createNodePlatform } from '../../../src/runtimes/node-platform.ts'
import { requestAccess } from '../../http/request-access.ts'
import { answer } from '../../intake/memory-store.ts'
import { type FakeGateway, fakeGateway, type Sent } from '../fake-deps.ts'

/** A webhook as its receiver gets it. */
export interface ReceivedWebhook extends Sent {
  readonly text: string
  /** Those to which the connection was bound. */
  readonly addresses: readonly string[] | undefined
}

/** A gateway whose webhooks go to a receiver that is a function; only the platform is fake besides. */
export interface WebhookBed {
  readonly gateway: FakeGateway
  /** Addresses by name; a public one for every other name. */
  readonly names: Map<string, readonly string[]>
  readonly received: ReceivedWebhook[]
  /** What the receiver answers; 204 by default. */
  receiver: (webhook: ReceivedWebhook) => IncomingResponse | Promise<IncomingResponse>
  /** Whether webhooks leave through real sockets instead. */
  isReal: boolean
  /** Another instance over the same state. */
  instance(change?: Partial<Config>): Deps
  /** Asks the application itself. */
  ask(method: string, path: string, options?: AskOptions): Promise<Response>
  /** Submits a job with a webhook; the path of the sealed one that the platform was given. */
  submit(webhook?: string, options?: AskOptions): Promise<string>
  /** The platform's webhook comes in. */
  post(path: string, body?: unknown, deps?: Deps): Promise<Response>
}

interface AskOptions {
  readonly body?: string
  readonly key?: string
  readonly deps?: Deps
}

/** Public by what it is, and never connected to. */
export const publicAddress = '93.184.216.34'

/** `changes` are merged into the configuration document. */
export function webhookBed(changes: Record<string, unknown> = {}): WebhookBed {
  const gateway = fakeGateway(changes)
  const { platform } = gateway.deps
  const names = new Map<string, readonly string[]>()
  const real = createNodePlatform({ write: () => undefined })
  const toUpstream = platform.send
  platform.resolve = async (name) => [...(names.get(name) ?? [publicAddress])]
  platform.send = async (request: OutgoingRequest) => {
    if (request.url.startsWith('https://upstream.example/')) return await toUpstream(request)
    if (bed.isReal) return await real.send(request)
    const body = await readAll(request.body)
    const { method, url, headers, addresses } = request
    const webhook = { method, url, headers, body, text: Buffer.from(body).toString(), addresses }
    bed.received.push(webhook)
    return await bed.receiver(webhook)
  }

  function instance(change: Partial<Config> = {}): Deps {
    const { store, deps } = gateway
    const config = { ...deps.config, ...change }
    const built = buildDeps(config, platform, deps.log)
    const { keyring } = built
    const grants = createGrants({ store, keyring, platform, grantCacheSeconds: 10 })
    return { ...built, grants, stateStore: store, store: () => store }
  }

  async function ask(method: string, path: string, options: AskOptions = {}): Promise<Response> {
    const { body, key = 'a-key', deps = gateway.deps } = options
    const headers = new Headers(key === '' ? {} : { authorization: `Bearer ${key}` })
    if (body !== undefined) {
      headers.set('content-type', 'application/json')
      headers.set('content-length', `${Buffer.byteLength(body)}`)
    }
    const init = { method, headers, ...(body !== undefined && { body }) }
    return await createApp(deps, requestAccess).request(path, init)
  }

  const bed: WebhookBed = {
    gateway,
    names,
    received: [],
    receiver: () => answer(204),
    isReal: false,
    instance,
    ask,
    async submit(webhook = 'https://client.example/hook', options = {}) {
      const body = JSON.stringify({ input: { a: 1 }, webhook })
      const response = await ask('POST', '/v2/demo/run', { body, ...options })
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
      await response.text()
      const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
      return new URL(sent.webhook).pathname
    },
    post: (path, body = completed, deps = gateway.deps) =>
      ask('POST', path, { body: JSON.stringify(body), key: '', deps }),
  }
  return bed
}

/** What the platform says of the job of `submit`. */
export const completed = { id: 'job-1', status: 'COMPLETED', output: { word: 'größer' } }

async function readAll(body: OutgoingRequest['body']): Promise<Uint8Array> {
  if (body === undefined || body instanceof Uint8Array) return body?.slice() ?? new Uint8Array(0)
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(chunk.slice())
  }
  return Buffer.concat(chunks)
}
