import { parseArgs } from 'node:util'

export const help = `Measures the rows of bench/rows/ and writes docs/performance.{json,md,svg}.

Usage: npm run bench -- [options]

  --only ID[,ID]   these rows alone; what docs/performance.json says of the others stays
  --rounds N       rounds of each row (default 5, or what the row asks for); fewer than 5
                   are a look, and are not written to docs/
  --scale FACTOR   sizes times FACTOR, as 0.1, for a quick look; not written to docs/
  --out FILE       merges the results into FILE, as JSON, and leaves docs/ alone
  --render         measures nothing: renders docs/performance.json again
  --list           names the rows
  --help

Examples:
  npm run bench
  npm run bench -- --only upload-null,upload-put
  npm run bench -- --scale 0.05 --rounds 1
  npm run bench -- --render

A goal that is missed is a result, not an error: the exit code is 1 only where a row failed.
`

export interface Options {
  readonly only: readonly string[]
  readonly rounds?: number
  readonly scale: number
  readonly out?: string
  readonly mode: 'measure' | 'render' | 'list' | 'help'
}

/** Reads the command line. @throws {Error} that says what is wrong with which option. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      scale: { type: 'string', default: '1' },
      out: { type: 'string' },
      render: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1)) {
    throw new Error(`--rounds must be a whole number from 1; it is ${values.rounds}`)
  }
  const scale = Number(values.scale)
  if (!(scale > 0 && scale <= 1)) {
    throw new Error(`--scale must be over 0 and at most 1; it is ${values.scale}`)
  }
  return {
    only: values.only.flatMap((text) => text.split(',')).filter((id) => id !== ''),
    ...(rounds !== undefined && { rounds }),
    scale,
    ...(values.out !== undefined && { out: values.out }),
    mode: values.help ? 'help' : values.render ? 'render' : values.list ? 'list' : 'measure',
  }
}
