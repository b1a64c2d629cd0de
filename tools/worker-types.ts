/** Writes the types of the Workers runtime that `wrangler.toml` asks for, unless they are up to date. */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'

const root = join(import.meta.dirname, '..')
const folder = '.wrangler/types'
const types = `${folder}/worker-configuration.d.ts`

async function timeOf(path: string): Promise<number> {
  const found = await stat(join(root, path)).catch(() => undefined)
  return found?.mtimeMs ?? 0
}

const sources = await Promise.all(['wrangler.toml', 'package-lock.json'].map(timeOf))
if ((await timeOf(types)) <= Math.max(...sources)) {
  await mkdir(join(root, folder), { recursive: true })
  process.env['WRANGLER_SEND_METRICS'] = 'false'
  if (!(await run(['wrangler', 'types', types], root))) process.exitCode = 1
}
