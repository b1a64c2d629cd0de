import { readFileSync, writeFileSync } from 'node:fs'
import { chart } from './chart.ts'
import { type Comparison, checkedJobs, compare, scenarios } from './check.ts'
import { costsOf, readFigures } from './figures.ts'
import { fillPage } from './page.ts'
import { tables } from './tables.ts'

const help = `Checks the capacity model against a simulation of the gateway; exit status 1 where the model is
further off than bench/model/check.ts allows. The seed is fixed: every run says the same.

Usage: npm run model [-- --write]

  --write   put the tables and the chart into docs/slo.md and docs/slo.svg

Figures are read from docs/performance.json, prices from bench/model/prices.ts.

Example: npm run bench && npm run model -- --write
`

const args = process.argv.slice(2)
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(help)
  process.exit(0)
}
if (args.some((arg) => arg !== '--write')) {
  process.stderr.write(`${help}\nCannot understand: ${args.join(' ')}\n`)
  process.exit(2)
}

const figures = readFigures()
const costs = { node: costsOf(figures, 'node'), workers: costsOf(figures, 'workers') }
const comparisons: Comparison[] = []
for (const one of scenarios(costs, checkedJobs)) {
  const { instances, jobs } = one.scenario
  process.stdout.write(`\n${one.name}: ${instances} processes, ${jobs} jobs simulated\n`)
  for (const row of compare(one)) {
    comparisons.push(row)
    process.stdout.write(`${lineOf(row)}\n`)
  }
}
const failed = comparisons.filter(({ holds }) => !holds)
process.stdout.write(
  failed.length === 0
    ? `\nThe model holds: ${comparisons.length} quantities within their tolerance\n`
    : `\nThe model is off in ${failed.length} of ${comparisons.length} quantities\n`,
)

if (args.includes('--write')) {
  const page = new URL('../../docs/slo.md', import.meta.url)
  writeFileSync(page, fillPage(readFileSync(page, 'utf8'), tables(figures, comparisons)))
  writeFileSync(new URL('../../docs/slo.svg', import.meta.url), chart(figures))
}
process.exitCode = failed.length === 0 ? 0 : 1

function lineOf({ quantity, model, simulated, deviation, holds }: Comparison): string {
  const cells = [model, simulated].map((value) => short(value).padStart(10))
  const percent = `${(deviation * 100).toFixed(1)} %`.padStart(9)
  return `${holds ? '  ' : '! '}${quantity.padEnd(30)}${cells.join('')}${percent}`
}

function short(value: number): string {
  return value < 1e-6 ? '0' : String(Number(value.toPrecision(4)))
}
