import { sweepAll } from '../flows/sweep-all.ts'
import { buildDeps } from './build-deps.ts'
import { createJsonLog } from './json-log.ts'
import { readNodeConfig } from './node-config.ts'
import { createNodePlatform } from './node-platform.ts'

const help = `Deletes what is due in every store: inputs of finished jobs after their grace, uploads that
were not completed in time, and all files, results, grants and uploads of days that are over. Safe to run at
any time, by several at once. \`bulkway sweep\` does the same, at a rate of your choice.

Usage: npm run sweep [-- --limit N]

  --limit N   stop after N removals (100000); the next sweep goes on

Environment: BULKWAY_CONFIG and the secrets it names, as for the gateway.
BULKWAY_SWEEP_NOW=2026-12-31T00:00:00Z sweeps as if it were that time.

Example: BULKWAY_CONFIG=bulkway.jsonc npm run sweep
`

const args = process.argv.slice(2)
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(help)
  process.exit(0)
}
const known = args.length === 0 || (args.length === 2 && args[0] === '--limit')
const limit = Number(args[1] ?? 100_000)
const at = process.env['BULKWAY_SWEEP_NOW']
const now = at === undefined || at === '' ? Date.now() : Date.parse(at)
if (!known || !Number.isSafeInteger(limit) || limit < 1 || Number.isNaN(now)) {
  process.stderr.write(`${help}\nCannot understand: ${args.join(' ')} ${at ?? ''}\n`)
  process.exit(2)
}

const config = readNodeConfig()
const log = createJsonLog(process.env['BULKWAY_LOG'] ?? 'warn', (line) =>
  process.stderr.write(`${line}\n`),
)
const deps = buildDeps(config, createNodePlatform(log), log)
const swept = await sweepAll(deps, { now, limit })
const { files, faults } = swept
process.stdout.write(
  `swept ${files} files, ${swept.grants} grants, ${swept.results} results, ${swept.jobs} finished jobs, ` +
    `${swept.uploads} uploads, ${swept.aborted} of them or of jobs still open, ${swept.sessions} sessions` +
    `${faults > 0 ? `; ${faults} faults` : ''}${swept.done ? '' : '; more is left'}\n`,
)
process.exit(faults > 0 ? 1 : 0)
