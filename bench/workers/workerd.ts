import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers, freePorts } from '../../dev/child.ts'
import { bundle, compatibility } from './bundle.ts'

/** A Worker of the bench in a workerd process of its own. */
export interface Workerd {
  readonly pid: number
  readonly url: string
  stop(): Promise<void>
}

/** The binary that package-lock.json pins, named by the package that ships it. */
function binary(): string {
  const require = createRequire(import.meta.url)
  const name = `@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`
  return createRequire(require.resolve('wrangler/package.json')).resolve(`${name}/bin/workerd`)
}

/** A Worker that is bundled, to be started as often as it is needed. */
export interface Bundled {
  /** Resolves when it answers `/healthz`. */
  start(bindings: Readonly<Record<string, string>>): Promise<Workerd>
  remove(): Promise<void>
}

/** Bundles an entry of `bench/workers/isolate/` for `workerd serve`. */
export async function bundleWorker(entry: string): Promise<Bundled> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkway-workerd-'))
  const module = await bundle(entry, folder)
  return {
    async start(bindings) {
      const port = await freePorts(1)
      const file = join(folder, `config-${port}.capnp`)
      await writeFile(file, await configOf(module, port, bindings))
      return await serve(file, `http://127.0.0.1:${port}`)
    },
    remove: () => rm(folder, { recursive: true }),
  }
}

async function serve(file: string, url: string): Promise<Workerd> {
  const child = spawn(binary(), ['serve', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  let complaints = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-4_000)
    })
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let tried = 0; !(await answers(`${url}/healthz`, (status) => status === 200)); tried++) {
    if (child.exitCode !== null || tried === 100) {
      end()
      throw new Error(`workerd does not serve ${file}\n${complaints}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    pid: child.pid ?? -1,
    url,
    async stop() {
      end()
      await exited
      process.off('exit', end)
    },
  }
}

async function configOf(
  module: string,
  port: number,
  bindings: Readonly<Record<string, string>>,
): Promise<string> {
  const { date, flags } = await compatibility()
  const texts = Object.entries(bindings).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed ${JSON.stringify(module.split('/').at(-1))})],
  compatibilityDate = ${JSON.stringify(date)},
  compatibilityFlags = ${JSON.stringify(flags)},
  bindings = [${texts.join(', ')}],
);
`
}
