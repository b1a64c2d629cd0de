/** `npm run bench`: takes the rounds of the rows and publishes what they come to. */
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages } from '../tools/install-tools.ts'
import type { Contest } from './contest.ts'
import { rate } from './contest.ts'
import { circumstances } from './report/circumstances.ts'
import { publish, readResults, writeResults } from './report/files.ts'
import { type Circumstances, mergeResults, resultOf, verdictOf } from './report/results.ts'
import { help, type Options, parseOptions } from './runner/options.ts'
import { chooseRows, loadRows } from './runner/rows.ts'
import { takeRounds } from './runner/take-rounds.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const docs = join(root, 'docs/performance.json')
const fewestRounds = 5

const options = orRefuse(() => parseOptions(process.argv.slice(2)))
// Rows read it when they are loaded.
process.env['BULKWAY_BENCH_SCALE'] = String(options.scale)
// An exit ends the processes of the rows (dev/child.ts); a signal alone would leave them behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
if (options.mode === 'help') process.stdout.write(help)
else if (options.mode === 'render') await publish(root)
else await main(options)
// A row that failed may have left a socket open, which must not keep the run alive.
process.exit()

async function main({ only, rounds, out, mode, scale }: Options): Promise<void> {
  const { contests, broken } = await loadRows(join(root, 'bench/rows'))
  for (const { file, error } of broken) fault(`Cannot load bench/rows/${file}`, error)
  const chosen = orRefuse(() => chooseRows(contests, only))
  if (mode === 'list') {
    for (const { id, title } of chosen) console.log(`${id.padEnd(28)} ${title}`)
    return
  }
  if (chosen.some(({ id, peers }) => peers || id.startsWith('peers-'))) {
    await installPackages(root, 'bench').catch((error) => fault('Peers are missing', error))
  }
  const worthKeeping = scale === 1 && (rounds ?? fewestRounds) >= fewestRounds
  const file = out ?? (worthKeeping ? docs : undefined)
  // Once, so that rows of one run say the same.
  const measured = circumstances(root)
  const order = contests.map(({ id }) => id)
  for (const contest of chosen) {
    const count = rounds ?? contest.rounds ?? fewestRounds
    const result = await measure(contest, count, measured).catch((error) =>
      fault(`Row ${contest.id} failed`, error),
    )
    if (result === undefined) continue
    for (const figure of result.figures) {
      const { median, min, max, unit } = figure
      console.log(`  ${figure.figure}: ${median} ${unit} (${min} to ${max}), ${verdictOf(figure)}`)
    }
    // After each row, so that a run that is cut off keeps what it has.
    if (file !== undefined) {
      await writeResults(file, mergeResults(await readResults(file), [result], keep(order)))
    }
  }
  if (file === docs) await publish(root)
  console.log(
    file === undefined
      ? '\nNothing is written: the sizes were scaled, or the rounds were too few'
      : `\nWritten: ${relative(root, file)}`,
  )

  // What could not be loaded this time is not gone for good.
  function keep(ids: readonly string[]): readonly string[] | undefined {
    return broken.length === 0 ? ids : undefined
  }
}

async function measure(contest: Contest, count: number, measured: Circumstances) {
  console.log(`\n${contest.id}: ${contest.title}`)
  const startedAt = performance.now()
  const rounds = await takeRounds(contest, count, ({ round, contestant, turn }) => {
    const speed = rate(turn).toFixed(turn.latencies === undefined ? 0 : 2)
    const did = turn.failure ?? `${turn.seconds.toFixed(3)} s, ${speed} MB/s`
    console.log(`  round ${round}/${count}  ${contestant.padEnd(20)} ${did}`)
  })
  console.log(`  took ${((performance.now() - startedAt) / 1e3).toFixed(0)} s`)
  return resultOf(contest, rounds, measured)
}

function fault(message: string, error: unknown): undefined {
  console.error(`${message}: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
  process.exitCode = 1
}

function orRefuse<Value>(step: () => Value): Value {
  try {
    return step()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\nSee --help`)
    process.exit(2)
  }
}
