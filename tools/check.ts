/**
 * What must hold before a change is handed in: `npm run check`. All steps run, also after one that
 * fails; the list at the end says which did. Names of steps as arguments run these alone.
 */
import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { installTools } from './install-tools.ts'
import { run } from './run.ts'

interface Step {
  readonly name: string
  readonly command: readonly string[]
  /** A step of which this file is not there is left out. */
  readonly only?: string
}

const steps: readonly Step[] = [
  { name: 'generated', command: ['node', 'tools/generate.ts', '--check'] },
  { name: 'biome', command: ['biome', 'check', '--error-on-warnings'] },
  { name: 'tsc', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'tsc-node', command: ['tsc', '-p', 'tsconfig.node.json'] },
  { name: 'worker-types', command: ['node', 'tools/worker-types.ts'], only: 'wrangler.toml' },
  { name: 'tsc-workers', command: ['tsc', '-p', 'tsconfig.workers.json'], only: 'wrangler.toml' },
  { name: 'unit', command: ['vitest', 'run', '--project', 'unit'] },
]

const root = fileURLToPath(new URL('..', import.meta.url))
const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(
    `No such step: ${unknown.join(', ')}; there are ${steps.map((s) => s.name).join(', ')}`,
  )
  process.exit(2)
}

await installTools(root)
const rows: string[] = []
for (const { name, command, only } of steps) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  if (only !== undefined && !(await exists(`${root}/${only}`))) continue
  console.log(`\n▶ ${name}: ${command.join(' ')}`)
  const startedAt = performance.now()
  const passed = await run(command, root)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  rows.push(`  ${passed ? '✓' : '✗'} ${name.padEnd(12)} ${seconds.padStart(6)} s`)
  if (!passed) process.exitCode = 1
}
console.log(`\n${rows.join('\n')}`)
console.log(process.exitCode === 1 ? '\nThe check failed' : '\nAll is well')

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
