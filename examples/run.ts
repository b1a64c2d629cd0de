import { readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { dim, say } from '../dev/scene/terminal.ts'
import { type Play, type Size, sayFacts } from './local/report.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const names = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['local', 'chart'].includes(entry.name))
  .map(({ name }) => name)

const help = `Runs an example against a development stack of its own, with genuine RunPod workers.

Usage: npm run example -- NAME... [--record]

  NAME       ${names.join(', ')}; or all
  --record   keep the pictures in the example's folder; otherwise below .bulkway/examples/

Environment:
  EXAMPLES_SIZE=full   or small: the same in seconds
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { record: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
})
const chosen = positionals.includes('all') ? names : positionals
const unknown = chosen.filter((name) => !names.includes(name))
if (values.help === true || chosen.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`No such example: ${unknown.join(', ')}\n\n`)
  process.stderr.write(help)
  process.exit(values.help === true ? 0 : 2)
}
const size: Size = process.env['EXAMPLES_SIZE'] === 'small' ? 'small' : 'full'
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

let good = true
for (const name of chosen) {
  const { play }: { readonly play: Play } = await import(`./${name}/local.ts`)
  const start = Date.now()
  const seconds = () => `${((Date.now() - start) / 1_000).toFixed(0)} s`
  const { facts, table, pictures } = await play(size, (line) =>
    say(dim(`  ${seconds().padStart(6)}  ${line}`)),
  )
  good = sayFacts(`${name}, ${seconds()}`, facts) && good
  if (table !== undefined) say(`\n${table}`)
  const folder = values.record
    ? join(root, name)
    : fileURLToPath(new URL(`../.bulkway/examples/${name}`, import.meta.url))
  await mkdir(folder, { recursive: true })
  for (const [file, content] of Object.entries(pictures)) {
    await writeFile(join(folder, file), content)
    say(`  ${relative(process.cwd(), join(folder, file))}`)
  }
}
process.exit(good ? 0 : 1)
