import type { OperationName } from './parse-operation.ts'

const environment = `Environment: BULKWAY_CONFIG, the path of the gateway's configuration, and the secrets it names.
BULKWAY_LOG=debug|info|warn|error says how much is logged on stderr (warn).
`

/** What \`bulkway COMMAND --help\` prints. */
export const operatorHelp: Readonly<Record<OperationName, string>> = {
  init: `Sets up the stores of a gateway: rules by which they delete what is past all use, and what pages
in browsers may do with presigned URLs. Reaches the gateway's own names alone, leaves the rules of others as they
are, and reads back what it wrote. Safe to repeat; run it again when retention or origins change, or after years.

Usage: bulkway init [--store ID]... [--dry-run] [--json]

  --store ID   this store alone; may be repeated (all)
  --dry-run    write nothing; print the documents as they would be
  --json       one JSON object for each document of each store

${environment}
Exit codes: 0 all is set, or cannot be set there and something else does it; 1 something is to be done
first; 2 wrong usage.

Example: BULKWAY_CONFIG=bulkway.jsonc bulkway init --dry-run
`,
  sweep: `Deletes what is due in every store: files of finished jobs after their time, uploads that were not
completed, and all files, results, grants and uploads of days that are over. Knows its own names alone. Safe to
run at any time, to stop with Ctrl-C, and by several at once: the next one goes on.

Usage: bulkway sweep [--rate N] [--limit N] [--json]

  --rate N     requests to the stores a second (as many as go)
  --limit N    stop after N removals (100000)
  --json       one JSON object at the end

${environment}BULKWAY_SWEEP_NOW=2026-12-31T00:00:00Z sweeps as if it were that time.

Exit codes: 0 done, or stopped at the limit; 1 faults; 2 wrong usage; 130 interrupted.

Example: BULKWAY_CONFIG=bulkway.jsonc bulkway sweep --rate 50
`,
  usage: `Says what the gateway keeps: objects and bytes by store, endpoint and principal (whose name it does
not know, only a hash), when they go, and what they cost a month.

Usage: bulkway usage [--store ID]... [--json]

  --store ID   this store alone; may be repeated (all)
  --json       one JSON object, with every day

${environment}
Exit codes: 0 all is well; 1 a store cannot be read; 2 wrong usage.

Example: BULKWAY_CONFIG=bulkway.jsonc bulkway usage --json | jq .stores
`,
}
