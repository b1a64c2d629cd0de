import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { run } from './run.ts'

/** Installs the packages of `tools/` when they are missing or older than their lock file. */
export async function installTools(root: string): Promise<void> {
  const installed = join(root, 'tools', 'node_modules', '.package-lock.json')
  const lock = await stat(join(root, 'tools', 'package-lock.json'))
  const before = await stat(installed).catch(() => undefined)
  if (before !== undefined && before.mtimeMs >= lock.mtimeMs) return
  console.log('Installing the packages of tools/')
  if (!(await run(['npm', 'ci', '--prefix', 'tools'], root))) {
    throw new Error('Cannot install the packages of tools/: see above')
  }
  // npm may keep the time that the packages were made; what counts is that it was done now.
  await utimes(installed, new Date(), new Date())
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await installTools(join(import.meta.dirname, '..'))
}
