import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ResumeStore } from '../client-node/client.ts'

/** No upload stays open for longer. */
const keptMs = 8 * 86_400_000

/** Where unfinished uploads are remembered. */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
  return join(base, 'bulkway', 'uploads')
}

/**
 * The memory of uploads of one file: a small file for each, so that programs that run side by side
 * do not overwrite each other's. Only its owner may read it.
 */
export function createResumeStore(directory: string, path: string): ResumeStore {
  const fileOf = (key: string) => {
    const name = createHash('sha256')
      .update(`${resolve(path)}\n${key}`)
      .digest('hex')
    return join(directory, `${name.slice(0, 32)}.json`)
  }
  return {
    getItem: (key) => readFile(fileOf(key), 'utf8').catch(() => null),
    async setItem(key, value) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await forgetOld(directory)
      const target = fileOf(key)
      const fresh = `${target}.${process.pid}`
      await writeFile(fresh, value, { mode: 0o600 })
      await chmod(fresh, 0o600)
      await rename(fresh, target)
    },
    removeItem: (key) => rm(fileOf(key), { force: true }),
  }
}

async function forgetOld(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    const facts = await stat(path).catch(() => undefined)
    if (facts !== undefined && Date.now() - facts.mtimeMs > keptMs) await rm(path, { force: true })
  }
}
