/**
 * Writes what is derived from `schemas/`, `openapi.yaml`, `src/errors.ts` and `src/page/`:
 * the contract in `src/contract/`, the page of `src/page/`, the problem codes in `schemas/Problem.json` and the tables of
 * `docs/configuration.md` and `docs/stores.md`. With `--check` it writes nothing and fails when a file would change.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleDescription, checkExamples } from './description.ts'
import { tablesOf } from './documentation.ts'
import { buildPage } from './page.ts'
import { readSchemas, withProblemCodes } from './schemas.ts'
import { presetsIn } from './stores.ts'
import { writeTypes } from './types.ts'
import { buildDefaults, buildValidators } from './validators.ts'

const root = new URL('..', import.meta.url)
const checking = process.argv.includes('--check')
const drifted: string[] = []

async function emit(path: string, text: string): Promise<void> {
  const url = new URL(path, root)
  const before = await readFile(url, 'utf8').catch(() => undefined)
  if (before === text) return
  drifted.push(path)
  if (!checking) await writeFile(url, text)
}

const schemas = await readSchemas(new URL('schemas/', root))
const problem = await readFile(new URL('schemas/Problem.json', root), 'utf8')
await emit('schemas/Problem.json', withProblemCodes(schemas, problem))

const description = await bundleDescription(fileURLToPath(new URL('openapi.yaml', root)))
checkExamples(description)
await emit('src/contract/openapi.gen.json', `${JSON.stringify(description, null, 2)}\n`)
await emit('src/contract/types.gen.ts', await writeTypes(description, schemas))

const validators = await buildValidators(schemas)
await emit('src/contract/validators.gen.js', validators.code)
await emit('src/contract/validators.gen.d.ts', validators.types)
await emit('src/contract/defaults.gen.ts', buildDefaults(schemas))

await emit('src/page/page.gen.ts', await buildPage())

const tables = new URL('docs/configuration.md', root)
await emit('docs/configuration.md', tablesOf(schemas, await readFile(tables, 'utf8')))
const stores = await readFile(new URL('docs/stores.md', root), 'utf8')
await emit('docs/stores.md', presetsIn(stores))

if (drifted.length === 0) console.log('Generated files are up to date')
else if (!checking) console.log(`Written: ${drifted.join(', ')}`)
else {
  console.error(
    `Run \`npm run generate\`; it would change:\n${drifted.map((p) => `  ${p}`).join('\n')}`,
  )
  process.exitCode = 1
}
