import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answers, type Child, startChild, whenReady } from './child.ts'
import { startWrangler } from './wrangler.ts'

/** Root of the repository. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

/** What both runtimes need. */
export interface GatewayOptions {
  readonly runtime: 'node' | 'workers'
  readonly port: number
  /** Path of the configuration document. */
  readonly configPath: string
  /** The document itself, as JSON. */
  readonly configText: string
  /** Secrets that the document refers to. */
  readonly env: Readonly<Record<string, string>>
  readonly directory: string
  readonly onLine?: (line: string) => void
}

/** Starts the gateway as a process of its own; resolves when it answers. */
export async function startGateway(options: GatewayOptions): Promise<Child> {
  const { runtime, port } = options
  const child = runtime === 'node' ? startOnNode(options) : await startOnWorkers(options)
  const url = `http://127.0.0.1:${port}/healthz`
  await whenReady('The gateway', child, () => answers(url, () => true))
  return child
}

function startOnNode(options: GatewayOptions): Child {
  const { port, configPath, env, onLine } = options
  return startChild([join(root, 'src/runtimes/node.ts')], {
    cwd: root,
    env: { ...env, BULKWAY_CONFIG: configPath, HOST: '127.0.0.1', PORT: `${port}` },
    ...(onLine !== undefined && { onLine }),
  })
}

async function startOnWorkers(options: GatewayOptions): Promise<Child> {
  const { port, configText, env, directory, onLine } = options
  const vars = join(directory, 'gateway.env')
  const text = Object.entries({ ...env, BULKWAY_CONFIG: configText })
    .map(([name, value]) => `${name}='${value.replaceAll("'", '\\u0027')}'\n`)
    .join('')
  await writeFile(vars, text, { mode: 0o600 })
  return await startWrangler({
    config: join(root, 'wrangler.toml'),
    envFile: vars,
    port,
    directory,
    ...(onLine !== undefined && { onLine }),
  })
}
