import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { DevStack } from './stack.ts'

const help = `Starts a whole Bulkway on this machine: gateway, platform emulator, store, sample worker.

Usage: npm run dev            the gateway on Node
       npm run dev:workers    the gateway on workerd, through wrangler
       npm run dev -- --volume
                              also a network volume, for endpoint and store "volume"

Environment:
  PORT=8787           gateway; the platform emulator is at PORT+1, the store at PORT+2,
                      the management API and the volume at PORT+3 and PORT+4, the state in .bulkway/PORT/
  DEV_WORKER=none     leaves the sample worker out, for a worker of your own
  BULKWAY_LOG=info    how much the gateway says: debug, info, warn (default) or error

Examples:
  PORT=9000 npm run dev
  curl -H 'Authorization: Bearer any' http://127.0.0.1:8787/v2/demo/runsync \\
    -d '{"input": {"task": "echo", "hello": "world"}}'

A photograph that the worker reads as a file of its network volume, and a file that it leaves there:
  npm run dev -- --volume
  curl -H 'Authorization: Bearer any' http://127.0.0.1:8787/v2/volume/runsync \\
    -F task=digest -F image=@photo.jpg
  curl -H 'Authorization: Bearer any' http://127.0.0.1:8787/v2/volume/runsync \\
    -d '{"input": {"task": "write", "directory": "bulkway:output"}}'

What an operator sees of it, in another shell:
  . .bulkway/8787/operator.env && npx bulkway usage && npx bulkway init --dry-run

Attach a genuine runpod worker (Python) to endpoint "mine":
  export RUNPOD_POD_ID=w1 RUNPOD_AI_API_KEY=any U=http://127.0.0.1:8788/v2/mine
  RUNPOD_WEBHOOK_GET_JOB="$U/job-take/w1?gpu=x" \\
  RUNPOD_WEBHOOK_POST_OUTPUT="$U/job-done/w1/\\$ID?gpu=x" \\
  RUNPOD_WEBHOOK_POST_STREAM="$U/job-stream/w1/\\$ID?gpu=x" \\
  RUNPOD_WEBHOOK_PING="$U/ping/w1" python handler.py
`

function refuse(message: string, code: number): never {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}

function parse() {
  try {
    return parseArgs({
      options: {
        runtime: { type: 'string', default: 'node' },
        volume: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : error}\n\n${help}`, 2)
  }
}

const { runtime, volume: withVolume, help: wantsHelp } = parse()
if (wantsHelp === true) {
  process.stdout.write(help)
  process.exit(0)
}
if (runtime !== 'node' && runtime !== 'workers') {
  refuse(`--runtime is node or workers, not ${runtime}`, 2)
}
const port = Number(process.env['PORT'] ?? 8787)
if (!Number.isInteger(port) || port < 1 || port > 65_531) {
  refuse(`PORT must be a number from 1 to 65531; it is ${process.env['PORT']}`, 2)
}
const worker = process.env['DEV_WORKER'] === 'none' ? 'none' : 'sample'
const directory = fileURLToPath(new URL(`../.bulkway/${port}`, import.meta.url))

let stack: DevStack | undefined
let stopping = false

async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  // A stack that is still starting is ended by the exit: its processes go with this one.
  await stack?.stop()
  process.exit(0)
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
// A shell or npm in between may die of a signal without passing it on.
const { ppid } = process
setInterval(() => {
  if (process.ppid !== ppid) void stop()
}, 500).unref()

// Loaded late: a signal that comes while the modules load must find its handler.
const { PortBusy, startStack } = await import('./stack.ts')
try {
  stack = await startStack({
    runtime,
    port,
    worker,
    directory,
    ...(withVolume && { volume: {} }),
    sweepSeconds: 30,
    // Quiet unless something is wrong: the line that says `ready` stays the last one.
    env: { BULKWAY_LOG: process.env['BULKWAY_LOG'] ?? 'warn' },
    onGatewayLine: (line) => {
      // Wrangler's own request lines hold the sealed parts of URLs.
      const own = !line.startsWith('[wrangler:info]')
      if (stack !== undefined && own) process.stdout.write(`${line}\n`)
    },
  })
} catch (error) {
  if (error instanceof PortBusy) {
    refuse(
      `${error.message}. Stop what uses it, or choose another: PORT=${port + 1000} npm run dev`,
      1,
    )
  }
  refuse(error instanceof Error ? error.message : `${error}`, 1)
}

const { gatewayUrl, platformUrl, store, volume } = stack
const rows = [
  ['gateway', gatewayUrl, runtime === 'node' ? 'on Node' : 'on workerd'],
  ['platform', platformUrl, 'emulates RunPod, client and worker side'],
  ['store', store?.endpoint ?? '', `bucket ${store?.bucket}`],
  ...volumeRows(volume),
  [
    'worker',
    worker === 'none' ? 'none' : `endpoint ${withVolume ? 'demo, volume' : 'demo'}`,
    worker === 'none' ? '' : 'any API key',
  ],
  ['state', join('.bulkway', `${port}`), ''],
  ['operate', `. ${await writeOperatorEnv(stack)}`, 'in another shell, then: npx bulkway usage'],
]

/** What an operator's commands need, for a shell to read; the path, from the repository's root. */
async function writeOperatorEnv({ env, configPath }: DevStack): Promise<string> {
  const all = Object.entries({ ...env, BULKWAY_CONFIG: configPath })
  const lines = all.map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
  await writeFile(join(directory, 'operator.env'), lines.join(''), { mode: 0o600 })
  return join('.bulkway', `${port}`, 'operator.env')
}

function volumeRows(running: DevStack['volume']): string[][] {
  if (running === undefined) return []
  return [
    ...running.volumes.map(({ id, dataCenterId, directory: files }) => [
      'volume',
      running.server(dataCenterId).url,
      `${id} in ${dataCenterId}, files in ${relative('.', files)}`,
    ]),
    ['management', running.rest.url, 'says which volumes an endpoint has; key rpa_dev'],
  ]
}

const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
for (const [name = '', place = '', note = ''] of rows) {
  const line = `  ${name.padEnd(widths[0] ?? 0)}  ${place.padEnd(widths[1] ?? 0)}  ${note}`
  process.stdout.write(`${line.trimEnd()}\n`)
}
process.stdout.write(`ready ${gatewayUrl}\n`)
