import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { run } from './run.ts'

/** Installs the packages of `tools/` when they are missing or older than their lock file. */
export function installTools(root: string): Promise<void> {
  return installPackages(root, 'tools')
}

/** The same for any folder with a package of its own. */
export async function installPackages(root: string, folder: string): Promise<void> {
  const installed = join(root, folder, 'node_modules', '.package-lock.json')
  const lock = await stat(join(root, folder, 'package-lock.json'))
  const before = await stat(installed).catch(() => undefined)
  if (before !== undefined && before.mtimeMs >= lock.mtimeMs) return
  console.log(`Installing the packages of ${folder}/`)
  if (!(await run(['npm', 'ci', '--prefix', folder], root))) {
    throw new Error(`Cannot install the packages of ${folder}/: see above`)
  }
  // npm may keep the time that the packages were made; what counts is that it was done now.
  await utimes(installed, new Date(), new Date())
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await installTools(join(import.meta.dirname, '..'))
}
