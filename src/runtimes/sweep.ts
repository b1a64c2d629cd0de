import { sweepDue } from '../grants/sweep.ts'
import type { ObjectStore } from '../store/store.ts'
import { sweepUploads } from '../uploads/sweep-uploads.ts'
import { buildDeps } from './build-deps.ts'
import { createJsonLog } from './json-log.ts'
import { readNodeConfig } from './node-config.ts'
import { createNodePlatform } from './node-platform.ts'

const help = `Deletes what is due in every store: inputs of finished jobs after their grace, uploads that
were not completed in time, and all files, results, grants and uploads of days that are over. Safe to run at
any time, by several at once.

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
const stores = new Map<string, ObjectStore>()
for (const id of config.stores.keys()) {
  const store = deps.store(id)
  if (store !== undefined) stores.set(id, store)
}
const { stateStore: state, grants, uploads } = deps
// Records of uploads first: they know what is open where a store does not.
const sweptUploads = await sweepUploads({ stores, state, uploads, now, log, limit })
const left = limit - sweptUploads.records
const swept = await sweepDue({ stores, state, grants, now, log, limit: left })
const { files, dueInputs } = swept
const aborted = swept.uploads + sweptUploads.aborted
const faults = swept.faults + sweptUploads.faults
const done = swept.done && sweptUploads.done
process.stdout.write(
  `swept ${files} files, ${swept.grants} grants, ${swept.results} results, ${dueInputs} finished jobs, ` +
    `${sweptUploads.records} uploads, ${aborted} of them or of jobs still open` +
    `${faults > 0 ? `; ${faults} faults` : ''}${done ? '' : '; more is left'}\n`,
)
process.exit(faults > 0 ? 1 : 0)
