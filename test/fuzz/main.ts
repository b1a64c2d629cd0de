/** Fuzzes what reads untrusted bytes, beside slow references: `npm run fuzz -- --help`. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.ts'
import { explore, minimise } from './explore.ts'
import type { Target } from './target.ts'
import { TARGETS } from './targets.ts'

const HELP = `Runs mutated inputs through parts of the gateway and through slow references written apart
from them, guided by V8's coverage of src/. A failure is made small, printed and kept in
test/fuzz/regressions/, which \`npm test\` runs again from then on.

Usage: npm run fuzz -- [options]

  --target NAME   one of ${Object.keys(TARGETS).join(', ')}; may be
                  repeated, default all, in equal shares of the time
  --seconds N     how long in all, default 60
  --seed N        the same inputs again, as far as time allows; starts from the seeds alone,
                  not from what earlier runs have kept in .bulkway/fuzz/
  --input FILE    runs this one input through --target and says what is wrong
  --help          shows this

Examples:
  npm run fuzz
  npm run fuzz -- --seconds 600
  npm run fuzz -- --target splicer --target base64 --seed 7
  npm run fuzz -- --target splicer --input test/fuzz/regressions/splicer/0123456789ab.bin`

const PROGRESS_MS = 5000
const root = fileURLToPath(new URL('../../', import.meta.url))

function refuse(reason: string): never {
  console.error(`${reason}; see npm run fuzz -- --help`)
  process.exit(2)
}

function readArguments() {
  const options = {
    target: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    input: { type: 'string' },
    help: { type: 'boolean', default: false },
  } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

async function load(name: string): Promise<Target> {
  const loader = Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined
  if (loader === undefined) return refuse(`No such target: ${name}`)
  return (await loader()).target
}

function inputsIn(folder: string): Uint8Array[] {
  mkdirSync(folder, { recursive: true })
  return readdirSync(folder).map((name) => Uint8Array.from(readFileSync(`${folder}/${name}`)))
}

function keep(folder: string, input: Uint8Array): string {
  const name = createHash('sha256').update(input).digest('hex').slice(0, 12)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/${name}.bin`, input)
  return `${folder}/${name}.bin`
}

const texts = readArguments()
if (texts.help) {
  console.log(HELP)
  process.exit(0)
}
const seconds = Number(texts.seconds)
if (!(seconds > 0)) refuse(`Not a number of seconds: ${texts.seconds}`)
const isSeeded = texts.seed !== undefined
const seed = Number(texts.seed ?? Date.now() % 2 ** 32)
if (!Number.isInteger(seed)) refuse(`Not a whole number: ${texts.seed}`)
const names = texts.target ?? Object.keys(TARGETS)

if (texts.input !== undefined) {
  const [name, ...others] = names
  if (name === undefined || others.length > 0) refuse('An input needs one --target')
  const target = await load(name)
  target.check(Uint8Array.from(readFileSync(texts.input)))
  console.log(`${name}: nothing wrong with this input`)
  process.exit(0)
}

const coverage = new Coverage()
console.log(`Seed ${seed}, ${seconds} s for ${names.join(', ')}`)
for (const name of names) await fuzz(name, (seconds / names.length) * 1000)
coverage.close()

async function fuzz(name: string, milliseconds: number): Promise<void> {
  const target = await load(name)
  coverage.forget()
  const kept = `${root}.bulkway/fuzz/${name}`
  const startedAt = performance.now()
  let toldAt = startedAt
  const tell = (runs: number, inputs: number): void => {
    const elapsed = (performance.now() - startedAt) / 1000
    const { reached, known } = coverage.blocks
    const rate = Math.round(runs / elapsed)
    console.log(
      `${name.padEnd(12)} ${elapsed.toFixed(0).padStart(4)} s  ${runs} runs, ${rate}/s, ` +
        `${reached} of ${known} blocks, ${inputs} inputs kept`,
    )
  }
  const { runs, corpus, failure } = explore({
    target,
    seed,
    coverage,
    corpus: isSeeded ? [] : inputsIn(kept),
    goesOn(sofar) {
      const now = performance.now()
      if (now - toldAt >= PROGRESS_MS) {
        toldAt = now
        tell(sofar.runs, sofar.corpus.length)
      }
      return now - startedAt < milliseconds
    },
  })
  tell(runs, corpus.length)
  if (!isSeeded) {
    rmSync(kept, { recursive: true, force: true })
    for (const input of corpus) keep(kept, input)
  }
  if (failure === undefined) return
  process.exitCode = 1
  const { input, error } = minimise(target, failure)
  const path = keep(`${root}test/fuzz/regressions/${name}`, input)
  console.error(`${name}: FAILED, ${input.length} bytes: ${JSON.stringify(asText(input))}`)
  console.error(error instanceof Error ? error.stack : error)
  console.error(
    `Run it again: npm run fuzz -- --target ${name} --input ${relative(process.cwd(), path)}`,
  )
}

function asText(input: Uint8Array): string {
  return Buffer.from(input).toString('latin1')
}
