import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Child, isFree, startChild } from './child.ts'
import { type GatewayOptions, root, startGateway } from './gateway.ts'
import { createPlatform, type EmulatedPlatform, type PlatformOptions } from './platform/emulator.ts'
import { type DevStore, type StoreFacts, startStore } from './store.ts'
import {
  type StackVolumes,
  type StackVolumesOptions,
  startVolumes,
  volumeConfig,
  volumeEnv,
  volumePorts,
} from './volume/stack-volumes.ts'
import { startSampleWorker } from './worker/sample-worker.ts'

/** What a stack is made of. */
export interface StackOptions {
  readonly runtime: 'node' | 'workers'
  /** The gateway's port; the platform's is the next one, then the store's, then the volumes'. */
  readonly port: number
  /** State of the stack; kept when it stops. */
  readonly directory: string
  /** Default `sample`. */
  readonly worker?: 'sample' | 'none'
  /** Default `r2`, local R2; `none` where another store is used. */
  readonly store?: 'r2' | 'none'
  /** Network volumes; the default configuration has endpoint and store `volume` for them then. */
  readonly volume?: StackVolumesOptions
  /** The gateway's configuration: a whole document, or a change of the default one. */
  readonly config?: object | ((base: ReturnType<typeof defaultConfig>) => object)
  /** Secrets for the gateway, over those that the stack makes. */
  readonly env?: Readonly<Record<string, string>>
  /** False leaves the gateway out. */
  readonly gateway?: boolean
  readonly platform?: Omit<PlatformOptions, 'port' | 'hostname'>
  /** Seconds between two runs of the sweep; default: it does not run. */
  readonly sweepSeconds?: number
  /** Sees every line that the gateway prints. */
  readonly onGatewayLine?: (line: string) => void
}

/** A running stack. */
export interface DevStack {
  readonly gatewayUrl: string
  readonly platformUrl: string
  readonly platform: EmulatedPlatform
  /** Undefined where the stack has no store of its own. */
  readonly store: DevStore | undefined
  /** Undefined where the stack has no network volume. */
  readonly volume: StackVolumes | undefined
  /** The gateway's configuration file. */
  readonly configPath: string
  /** What the gateway's environment has beside the configuration. */
  readonly env: Readonly<Record<string, string>>
  /** Process of the gateway; undefined while it does not run. */
  gatewayPid(): number | undefined
  /** SIGKILL, as in a crash; resolves when the process and its children are gone. */
  killGateway(): Promise<void>
  /** Starts the gateway again, on the same port and state, with other secrets if given. */
  startGateway(env?: Readonly<Record<string, string>>): Promise<void>
  /** Stops everything. */
  stop(): Promise<void>
}

/** A port that another program has. */
export class PortBusy extends Error {
  override name = 'PortBusy' as const
  readonly port: number

  constructor(port: number) {
    super(`Port ${port} is in use`)
    this.port = port
  }
}

/** The gateway's configuration on a stack: every endpoint goes to the emulator. */
export function defaultConfig(
  port: number,
  store: Pick<StoreFacts, 'endpoint' | 'region' | 'bucket'>,
  volumes?: StackVolumes,
) {
  const { endpoint, region, bucket } = store
  const upstream = `http://127.0.0.1:${port + 1}/v2`
  const volume = volumes && volumeConfig(volumes, upstream)
  return {
    publicUrl: `http://127.0.0.1:${port}`,
    stores: {
      main: {
        kind: 's3',
        endpoint,
        region,
        bucket,
        pathStyle: true,
        accessKeyId: { env: 'BULKWAY_STORE_ACCESS_KEY_ID' },
        secretAccessKey: { env: 'BULKWAY_STORE_SECRET_ACCESS_KEY' },
      },
      ...(volume && { volume: volume.store }),
    },
    stateStore: 'main',
    endpoints: {
      '*': { upstream, store: 'main', as: 'key' },
      demo: { upstream, store: 'main', as: 'key', s3Config: 'always' },
      ...(volume && { volume: volume.endpoint }),
    },
    ...(volume && { runpod: volume.runpod }),
    auth: { mode: 'passthrough' },
    allowLoopbackWebhooks: true,
    masterKeys: { env: 'BULKWAY_MASTER_KEYS' },
  }
}

/**
 * Starts store, volumes, platform, gateway and sample worker on loopback, in this order. Whatever has
 * started is stopped again when a later part fails. Throws `PortBusy`.
 */
export async function startStack(options: StackOptions): Promise<DevStack> {
  const { port, directory } = options
  const ownStore = options.store !== 'none'
  const wanted = [
    ...[port, port + 1, ...(ownStore ? [port + 2] : [])],
    ...(options.volume === undefined ? [] : volumePorts(port + 3, options.volume)),
  ]
  for (const one of wanted) if (!(await isFree(one))) throw new PortBusy(one)
  await mkdir(directory, { recursive: true })

  const stops: (() => Promise<unknown>)[] = []
  async function stop(): Promise<void> {
    for (const one of stops.splice(0).reverse()) await one()
  }

  try {
    const platform = await createPlatform({ ...options.platform, port: port + 1 })
    stops.push(() => platform.close())
    const store = ownStore ? await startOwnStore(options) : undefined
    if (store !== undefined) stops.push(() => store.stop())
    const volumes =
      options.volume &&
      (await startVolumes({
        ...(store !== undefined && { behind: { ...store, bucket: store.volumeBucket } }),
        ...options.volume,
        first: port + 3,
        directory: join(directory, 'volumes'),
      }))
    if (volumes !== undefined) stops.push(() => volumes.stop())

    const facts = store ?? { endpoint: '', region: '', bucket: '' }
    const base = defaultConfig(port, facts, volumes)
    const { config = base } = options
    const document = typeof config === 'function' ? config(base) : config
    const configText = JSON.stringify(document, undefined, 2)
    const configPath = join(directory, 'config.json')
    await writeFile(configPath, configText)
    const env = {
      ...(store !== undefined && {
        BULKWAY_STORE_ACCESS_KEY_ID: store.accessKeyId,
        BULKWAY_STORE_SECRET_ACCESS_KEY: store.secretAccessKey,
      }),
      ...(volumes !== undefined && volumeEnv(volumes)),
      BULKWAY_MASTER_KEYS: await masterKeysOf(directory),
      ...options.env,
    }

    let gateway: Child | undefined
    const gatewayOptions: GatewayOptions = {
      runtime: options.runtime,
      port,
      configPath,
      configText: JSON.stringify(document),
      env,
      directory: join(directory, 'gateway'),
      ...(options.onGatewayLine !== undefined && { onLine: options.onGatewayLine }),
    }
    await mkdir(gatewayOptions.directory, { recursive: true })
    stops.push(async () => await gateway?.stop())
    if (options.gateway !== false) gateway = await startGateway(gatewayOptions)

    if (options.worker !== 'none') {
      stops.push(...startWorkers(platform.url, volumes))
    }
    if (options.sweepSeconds !== undefined) {
      stops.push(sweepEvery(options.sweepSeconds, { ...env, BULKWAY_CONFIG: configPath }))
    }

    return {
      gatewayUrl: `http://127.0.0.1:${port}`,
      platformUrl: platform.url,
      platform,
      store,
      volume: volumes,
      configPath,
      env,
      gatewayPid: () => gateway?.pid,
      async killGateway() {
        await gateway?.kill()
        gateway = undefined
      },
      async startGateway(changed = {}) {
        gateway = await startGateway({ ...gatewayOptions, env: { ...env, ...changed } })
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** One for `demo` and, where there is a volume, one that has it mounted; returns what stops them. */
function startWorkers(
  platformUrl: string,
  volumes: StackVolumes | undefined,
): (() => Promise<void>)[] {
  const workers = [startSampleWorker({ platformUrl })]
  const directory = volumes?.volumes[0]?.directory
  if (volumes !== undefined && directory !== undefined) {
    const mount = { mountPath: volumes.mountPath, directory }
    workers.push(startSampleWorker({ platformUrl, endpointId: 'volume', mount }))
  }
  return workers.map((worker) => () => worker.stop())
}

async function startOwnStore({ port, directory, env }: StackOptions): Promise<DevStore> {
  const accessKeyId = env?.['BULKWAY_STORE_ACCESS_KEY_ID']
  const secretAccessKey = env?.['BULKWAY_STORE_SECRET_ACCESS_KEY']
  const given = accessKeyId !== undefined && secretAccessKey !== undefined
  return await startStore({
    port: port + 2,
    directory: join(directory, 'store'),
    ...(given && { keys: { accessKeyId, secretAccessKey } }),
  })
}

// Kept with the state: what is sealed with them must open after a restart.
async function masterKeysOf(directory: string): Promise<string> {
  const path = join(directory, 'master-keys')
  if (existsSync(path)) return await readFile(path, 'utf8')
  const keys = `dev:${randomBytes(32).toString('base64')}`
  await writeFile(path, keys, { mode: 0o600 })
  return keys
}

/** Runs the sweep again and again; returns what stops it. */
function sweepEvery(seconds: number, env: Readonly<Record<string, string>>): () => Promise<void> {
  const script = join(root, 'src/runtimes/sweep.ts')
  if (!existsSync(script)) return async () => {}
  let running: Child | undefined
  const timer = setInterval(() => {
    if (running !== undefined) return
    const child = startChild([script], { cwd: root, env })
    running = child
    void child.exited.then(() => {
      running = undefined
    })
  }, seconds * 1_000)
  return async () => {
    clearInterval(timer)
    await running?.kill()
  }
}
