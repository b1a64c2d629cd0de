import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import runpodSdk from 'runpod-sdk'
import { afterAll, beforeAll, expect, inject } from 'vitest'
import type { Child } from '../../dev/child.ts'
import { freePorts } from '../../dev/child.ts'
import { createFaultProxy, type FaultProxy } from '../../dev/faults/proxy.ts'
import { startGateway } from '../../dev/gateway.ts'
import { type DevStack, startStack } from '../../dev/stack.ts'
import {
  type StackVolumes,
  type StackVolumesOptions,
  volumePorts,
} from '../../dev/volume/stack-volumes.ts'
import { type Bucket, type BucketFacts, openBucket } from './bucket.ts'
import {
  type Answer,
  type CallOptions,
  createCaller,
  json,
  type OpenCall,
  observeFetch,
} from './call.ts'
import { type ConfigDocument, configFor, withVolume } from './config.ts'
import { createPlatformView, type PlatformView } from './platform-view.ts'
import { storeKind } from './project.ts'

const run = promisify(execFile)

/** The official client's view of one endpoint. */
type Endpoint = NonNullable<ReturnType<ReturnType<typeof runpodSdk>['endpoint']>>

/** What a test file wants to be different. */
export interface StackOptions {
  /** `sample` answers the jobs of `demo`; other endpoints' jobs wait for the test. */
  readonly worker?: 'sample' | 'none'
  readonly config?: (document: ConfigDocument) => ConfigDocument
  /** Milliseconds between two tries of a webhook; the real platform waits 10 s. */
  readonly webhookDelayMs?: number
  /** Secrets that the configuration refers to, by the name of their variable. */
  readonly env?: Readonly<Record<string, string>>
  /** Network volumes, for the store and the endpoint `volume`. */
  readonly volume?: StackVolumesOptions
}

/** A whole stack with a fault proxy before the store and one before the platform. */
export class Stack {
  readonly runtime: 'node' | 'workers' = inject('runtime')
  #options: StackOptions
  #parts: Parts | undefined
  /** The gateway that was started after the stack's own was killed. */
  #gateway: Child | undefined
  #lines: string[] = []

  constructor(options: StackOptions) {
    this.#options = options
  }

  get #running(): Parts {
    if (this.#parts === undefined) throw new Error('The stack does not run yet')
    return this.#parts
  }

  /** The gateway's public URL. */
  get url(): string {
    return this.#running.url
  }

  /** Before the platform; its log is what the platform was sent. */
  get upstream(): FaultProxy {
    return this.#running.upstream
  }

  /** Before the store. */
  get store(): FaultProxy {
    return this.#running.store
  }

  get platform(): PlatformView {
    return this.#running.platform
  }

  /** The platform's URL, past the proxy. */
  get platformUrl(): string {
    return this.#running.platformUrl
  }

  /** The network volumes, of a stack that has any. */
  get volume(): StackVolumes {
    const { volume } = this.#running.dev
    if (volume === undefined) throw new TypeError('The stack has no volume')
    return volume
  }

  get bucket(): Bucket {
    return this.#running.bucket
  }

  call(method: string, path: string, options?: CallOptions): Promise<Answer> {
    return this.#running.caller.call(method, path, options)
  }

  open(method: string, path: string, options?: CallOptions): OpenCall {
    return this.#running.caller.open(method, path, options)
  }

  raw(text: string): Promise<Answer> {
    return this.#running.caller.raw(text)
  }

  /** The official client, with nothing changed but its base URL. */
  sdk(endpointId: string, key = 'rpa_test'): Endpoint {
    const endpoint = runpodSdk(key, { baseUrl: `${this.url}/v2` }).endpoint(endpointId)
    if (endpoint === null) throw new TypeError('No endpoint id')
    return endpoint
  }

  /** POSTs a JSON body to `run`. */
  async submit(endpointId: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return await this.call('POST', `/v2/${endpointId}/run`, { body: text, ...options })
  }

  /** The id of a job that was submitted; fails with the answer where it was not. */
  async submitted(endpointId: string, body: unknown, options: CallOptions = {}): Promise<string> {
    const answer = await this.submit(endpointId, body, options)
    expect(answer.status, answer.text).toBe(200)
    const { id } = json(answer)
    if (typeof id !== 'string') throw new TypeError(`No job id in ${answer.text}`)
    return id
  }

  /** The final status of a job, waited for at `status-sync`. */
  async settled(endpointId: string, jobId: string, key?: string): Promise<Answer> {
    for (;;) {
      const path = `/v2/${endpointId}/status-sync/${jobId}?wait=30000`
      const answer = await this.call('GET', path, { key })
      const { status } = json(answer)
      if (answer.status !== 200 || !['IN_QUEUE', 'IN_PROGRESS'].includes(`${status}`)) return answer
    }
  }

  /** Requests that reached the platform for `run` and `runsync`. */
  submissions(): number {
    return this.upstream.log.filter(
      ({ method, path }) => method === 'POST' && /\/run(sync)?$/.test(path),
    ).length
  }

  /** What the gateway has printed, for a test of its log and for a failure's sake. */
  get gatewayLines(): readonly string[] {
    return this.#lines
  }

  /** Runs the operator's sweep as of the given moment. */
  async sweep(now: Date): Promise<void> {
    const { dev } = this.#running
    const env = { BULKWAY_CONFIG: dev.configPath, BULKWAY_SWEEP_NOW: now.toISOString() }
    await run(process.execPath, ['src/runtimes/sweep.ts'], {
      env: { ...process.env, ...dev.env, ...env },
      timeout: 60_000,
    })
  }

  /** Fails unless the sweep of a far day leaves the store empty and no multipart upload is open. */
  async expectNothingLeft(): Promise<void> {
    await expect.poll(() => this.store.openUploads(), { timeout: 20_000 }).toEqual([])
    await this.sweep(new Date(Date.now() + 40 * 86_400_000))
    expect(await this.bucket.keys()).toEqual([])
  }

  /** Fails unless the store holds no payload, at once and without the sweep. */
  async expectNoFiles(): Promise<void> {
    await expect.poll(() => this.bucket.fileKeys(), { timeout: 20_000 }).toEqual([])
    await expect.poll(() => this.store.openUploads(), { timeout: 20_000 }).toEqual([])
  }

  /** Fails unless payloads are there, and go once a job's default 24 h and the margin are over. */
  async expectFilesUntilExpiry(): Promise<void> {
    expect((await this.bucket.fileKeys()).length).toBeGreaterThan(0)
    await this.sweep(new Date(Date.now() + 24.5 * 3_600_000))
    expect((await this.bucket.fileKeys()).length).toBeGreaterThan(0)
    await this.sweep(new Date(Date.now() + 25.1 * 3_600_000))
    await this.expectNoFiles()
  }

  /** SIGKILL, as in a crash; resolves when the process is gone. */
  async killGateway(): Promise<void> {
    await this.#running.dev.killGateway()
    await this.#gateway?.kill()
    this.#gateway = undefined
  }

  /** Starts the gateway again, on the same port and state, with other secrets if given. */
  async startGateway(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { dev, directory, document, port } = this.#running
    this.#gateway = await startGateway({
      runtime: this.runtime,
      port,
      configPath: dev.configPath,
      configText: JSON.stringify(document),
      env: { ...dev.env, ...env },
      directory: join(directory, 'gateway'),
      onLine: (line) => this.#lines.push(line),
    })
  }

  /** Runs a command of the gateway's operator; fails where its exit code is not 0. */
  async operate(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { dev, directory, document } = this.#running
    const BULKWAY_CONFIG = join(directory, 'operator.json')
    await writeFile(BULKWAY_CONFIG, JSON.stringify(document))
    const surroundings = { PATH: process.env['PATH'], ...dev.env, BULKWAY_CONFIG, ...env }
    const command = ['bin/bulkway.js', ...args]
    return (await run(process.execPath, command, { env: surroundings })).stdout
  }

  /** Starts one more instance on Node, over the same state. */
  async startAnother(port: number): Promise<Child> {
    const { dev, directory, document } = this.#running
    return await startGateway({
      runtime: 'node',
      port,
      configPath: dev.configPath,
      configText: JSON.stringify(document),
      env: dev.env,
      directory,
    })
  }

  /** Starts everything. */
  async start(): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'bulkway-e2e-'))
    const { volume } = this.#options
    const port = await freePorts(volume === undefined ? 3 : 3 + volumePorts(0, volume).length)
    const external = storeKind === 'rgw' ? await startRgw(directory) : undefined
    const facts = external ?? localR2(port + 2)
    const upstream = await createFaultProxy({
      target: `http://127.0.0.1:${port + 1}`,
      keepBytes: 1_000_000,
    })
    const store = await createFaultProxy({ target: facts.endpoint })
    const url = `http://127.0.0.1:${port}`
    const storePath = new URL(facts.endpoint).pathname.replace(/\/$/, '')
    const plain = configFor({
      url,
      upstream: `${upstream.url}/v2`,
      store: { ...facts, endpoint: `${store.url}${storePath}` },
    })
    let document = plain
    const env = {
      BULKWAY_STORE_ACCESS_KEY_ID: facts.accessKeyId,
      BULKWAY_STORE_SECRET_ACCESS_KEY: facts.secretAccessKey,
      BULKWAY_MASTER_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
      ...this.#options.env,
    }
    const dev = await startStack({
      runtime: this.runtime,
      port,
      directory,
      worker: this.#options.worker ?? 'sample',
      store: external === undefined ? 'r2' : 'none',
      config: (base) => {
        const wide = volume === undefined ? plain : withVolume(plain, base, `${upstream.url}/v2`)
        document = this.#options.config?.(wide) ?? wide
        return document
      },
      env,
      ...(volume !== undefined && { volume }),
      platform: { webhookDelayMs: this.#options.webhookDelayMs ?? 200 },
      onGatewayLine: (line) => this.#lines.push(line),
    })
    const stopObserving = observeFetch(url)
    this.#parts = {
      url,
      dev,
      port,
      document,
      directory,
      upstream,
      store,
      platformUrl: `http://127.0.0.1:${port + 1}`,
      platform: createPlatformView(`http://127.0.0.1:${port + 1}`),
      bucket: openBucket(facts),
      caller: createCaller(url),
      stopObserving,
    }
  }

  /** Stops everything and removes its state. */
  async stop(): Promise<void> {
    if (this.#parts === undefined) return
    const { dev, upstream, store, directory, stopObserving } = this.#parts
    stopObserving()
    await this.#gateway?.stop()
    await dev.stop()
    await upstream.close()
    await store.close()
    if (storeKind === 'rgw') await run('dev/rgw.sh', ['stop', join(directory, 'rgw')])
    await rm(directory, { recursive: true, force: true })
  }
}

interface Parts {
  readonly url: string
  readonly dev: DevStack
  readonly port: number
  readonly document: ConfigDocument
  readonly directory: string
  readonly upstream: FaultProxy
  readonly store: FaultProxy
  readonly platformUrl: string
  readonly platform: PlatformView
  readonly bucket: Bucket
  readonly caller: ReturnType<typeof createCaller>
  stopObserving(): void
}

/** A stack for the tests of one file. */
export function useStack(options: StackOptions = {}): Stack {
  const stack = new Stack(options)
  beforeAll(() => stack.start())
  afterAll(() => stack.stop())
  return stack
}

/** Master keys as a configuration refers to them: `kid` and one byte that fills the key. */
export function masterKeys(...keys: readonly [kid: string, fill: number][]): string {
  return keys.map(([kid, fill]) => `${kid}:${Buffer.alloc(32, fill).toString('base64')}`).join(',')
}

async function startRgw(directory: string): Promise<BucketFacts> {
  const port = await freePorts(3)
  const { stdout } = await run('dev/rgw.sh', ['start', join(directory, 'rgw'), `${port}`])
  return JSON.parse(stdout)
}

function localR2(port: number): BucketFacts {
  return {
    endpoint: `http://127.0.0.1:${port}/cdn-cgi/local/r2/s3`,
    region: 'auto',
    bucket: 'bulkway-dev',
    accessKeyId: 'dev',
    secretAccessKey: 'devdevdev',
  }
}
