import { reasonOf } from '../log.ts'
import { buildDeps } from '../runtimes/build-deps.ts'
import { createJsonLog } from '../runtimes/json-log.ts'
import { readNodeConfig } from '../runtimes/node-config.ts'
import { createNodePlatform } from '../runtimes/node-platform.ts'
import { operatorHelp } from './operator-help.ts'
import { parseOperation, UsageError } from './parse-operation.ts'
import { runOperation } from './run-operation.ts'

const interrupted = new AbortController()
process.on('SIGINT', () => {
  // The second time the user means it.
  if (interrupted.signal.aborted) process.exit(130)
  interrupted.abort()
})
const { stdout, stderr, env } = process
// A reader that has seen enough, such as `head`, is no fault.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
process.exitCode = await run()

async function run(): Promise<number> {
  try {
    const operation = parseOperation(process.argv.slice(2))
    if (operation.kind === 'help') {
      stdout.write(operatorHelp[operation.of])
      return 0
    }
    const at = env['BULKWAY_SWEEP_NOW']
    const now = at === undefined || at === '' ? Date.now() : Date.parse(at)
    if (Number.isNaN(now)) throw new UsageError(`BULKWAY_SWEEP_NOW is no time: ${at}`)
    const config = readNodeConfig()
    const log = createJsonLog(env['BULKWAY_LOG'] ?? 'warn', (line) => stderr.write(`${line}\n`))
    const deps = buildDeps(config, createNodePlatform(log), log)
    const { signal } = interrupted
    return await runOperation(operation, deps, { stdout, stderr, signal, now })
  } catch (error) {
    const isUsage = error instanceof UsageError
    const cause = error instanceof Error && error.cause ? error.cause : error
    stderr.write(`bulkway: ${isUsage ? error.message : reasonOf(cause)}\n`)
    return isUsage ? 2 : 1
  }
}
