import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Contest } from '../contest.ts'

export interface Rows {
  /** By file name, then as each file lists them. */
  readonly contests: readonly Contest[]
  /** Files that could not be loaded, and why. */
  readonly broken: readonly { readonly file: string; readonly error: unknown }[]
}

/** Loads the rows of a folder: each `.ts` file exports a `contest` or an array `contests`. */
export async function loadRows(folder: string): Promise<Rows> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort()
  const contests: Contest[] = []
  const broken: { file: string; error: unknown }[] = []
  for (const file of files) {
    try {
      const exported: { contest?: Contest; contests?: readonly Contest[] } = await import(
        pathToFileURL(join(folder, file)).href
      )
      const found = exported.contests ?? [exported.contest].filter((row) => row !== undefined)
      if (found.length === 0) throw new Error(`Cannot find a contest in ${file}: none is exported`)
      const twice = found.find(({ id }) => contests.some((other) => other.id === id))
      if (twice !== undefined)
        throw new Error(`Cannot take ${file}: row ${twice.id} exists already`)
      contests.push(...found)
    } catch (error) {
      broken.push({ file, error })
    }
  }
  return { contests, broken }
}

/** The rows of these ids, all where none is given. @throws {Error} that lists the rows. */
export function chooseRows(
  contests: readonly Contest[],
  ids: readonly string[],
): readonly Contest[] {
  const unknown = ids.filter((id) => !contests.some((contest) => contest.id === id))
  if (unknown.length > 0) {
    const known = contests.map(({ id, title }) => `  ${id.padEnd(28)} ${title}`).join('\n')
    throw new Error(`No such row: ${unknown.join(', ')}; the rows are\n${known}`)
  }
  return ids.length === 0 ? contests : contests.filter(({ id }) => ids.includes(id))
}
