import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))
const wrangler = join(
  createRequire(import.meta.url).resolve('wrangler/package.json'),
  '../bin/wrangler.js',
)

/** Runs wrangler on the repository's own configuration, without a word to the network. */
export async function runWrangler(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [wrangler, ...args, '--config', join(root, 'wrangler.toml')],
    {
      cwd: root,
      env: {
        ...process.env,
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        WRANGLER_SEND_METRICS: 'false',
        WRANGLER_SEND_ERROR_REPORTS: 'false',
        WRANGLER_WRITE_LOGS: 'false',
        CI: 'true',
      },
    },
  )
  return stdout
}

/** Bundles a Worker as it would be deployed, into an empty folder; resolves to the module's path. */
export async function bundle(entry: string, folder: string): Promise<string> {
  const name = /([^/]+)\.ts$/.exec(entry)?.[1]
  await runWrangler(['deploy', join(root, entry), '--dry-run', '--outdir', folder])
  return join(folder, `${name}.js`)
}

/** The compatibility settings of wrangler.toml, which workerd needs too. */
export async function compatibility(): Promise<{ date: string; flags: readonly string[] }> {
  const toml = await readFile(join(root, 'wrangler.toml'), 'utf8')
  const date = /^compatibility_date = "(.+)"$/m.exec(toml)?.[1]
  const flags = /^compatibility_flags = (\[.+\])$/m.exec(toml)?.[1]
  if (date === undefined || flags === undefined) throw new Error('Cannot read wrangler.toml')
  return { date, flags: JSON.parse(flags) }
}
