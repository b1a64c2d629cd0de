import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Child, freePorts, startChild } from './child.ts'

const require = createRequire(import.meta.url)

/** Starts `wrangler dev` on a configuration file, on loopback and without a word to the network. */
export async function startWrangler(options: {
  readonly config: string
  /** Variables that stand over those of the configuration. */
  readonly envFile?: string
  readonly port: number
  /** Keeps bindings' contents, the registry and all else that wrangler writes. */
  readonly directory: string
  readonly onLine?: (line: string) => void
}): Promise<Child> {
  const { config, envFile, port, directory, onLine } = options
  const script = join(require.resolve('wrangler/package.json'), '../bin/wrangler.js')
  const inspectorPort = await freePorts(1)
  const args = [
    ...[script, 'dev', '--config', config],
    ...['--ip', '127.0.0.1', '--port', `${port}`],
    // Each session takes an inspector port of its own, so that stacks do not meet there.
    ...['--inspector-ip', '127.0.0.1', '--inspector-port', `${inspectorPort}`],
    ...['--persist-to', join(directory, 'state')],
    ...(envFile === undefined ? [] : ['--env-file', envFile]),
    '--show-interactive-dev-session=false',
  ]
  return startChild(args, {
    cwd: directory,
    env: {
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_SEND_ERROR_REPORTS: 'false',
      WRANGLER_WRITE_LOGS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_REGISTRY_PATH: join(directory, 'registry'),
      CI: 'true',
    },
    ...(onLine !== undefined && { onLine }),
  })
}
