import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chartOf } from './chart.ts'
import { renderMarkdown } from './markdown.ts'
import type { Results } from './results.ts'

/** The results of a file; none where there is no file yet. */
export async function readResults(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"rows": []}'
    throw error
  })
  return JSON.parse(text)
}

export async function writeResults(file: string, results: Results): Promise<void> {
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`)
}

/** Renders `docs/performance.json` to `docs/performance.md` and `docs/performance.svg`. */
export async function publish(root: string): Promise<void> {
  const results = await readResults(join(root, 'docs/performance.json'))
  await writeFile(join(root, 'docs/performance.md'), renderMarkdown(results))
  await writeFile(join(root, 'docs/performance.svg'), chartOf(results))
}
