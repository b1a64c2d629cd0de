import { readFile } from 'node:fs/promises'
import { createClient } from '../client-node/client.ts'
import { exitCodeOf, exitCodes, UsageError } from './exit-code.ts'
import { help } from './help.ts'
import { type Command, parseCommand } from './parse-command.ts'
import { createReporter, type Surroundings } from './reporter.ts'
import { runJob, showJob } from './run-job.ts'
import { describeRetry, type RetryListener, uploadFile } from './upload-file.ts'

/** Does what the arguments say; the exit code. Never throws. */
export async function runCommand(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  // A command that cannot be understood may still ask for JSON.
  const reporter = createReporter(surroundings, args.includes('--json'))
  try {
    return await run(parseCommand(args, surroundings.env), surroundings)
  } catch (error) {
    if (surroundings.signal.aborted) return exitCodes.interrupted
    reporter.fail(error)
    if (error instanceof UsageError) reporter.say('bulkway --help says more')
    return exitCodeOf(error)
  }
}

async function run(command: Command, surroundings: Surroundings): Promise<number> {
  if (command.kind === 'help' || command.kind === 'version') {
    surroundings.stdout.write(command.kind === 'help' ? help : `${await readVersion()}\n`)
    return exitCodes.fine
  }
  const reporter = createReporter(surroundings, command.json)
  const retries: RetryListener = { line: undefined }
  const client = createClient({
    baseUrl: command.baseUrl,
    apiKey: command.apiKey,
    retry: surroundings.retry ?? {},
    onRetry: (retry) => (retries.line ?? reporter).say(describeRetry(retry)),
  })
  const context = { client, surroundings, reporter, retries }
  if (command.kind === 'run') return await runJob(command, context)
  if (command.kind === 'wait') return await showJob(command.endpointId, command.jobId, context)
  for (const path of command.paths) {
    const uploaded = await uploadFile({ ...context, settings: command }, path, command)
    reporter.result('upload', { file: path, ...uploaded }, uploaded.ref)
  }
  return exitCodes.fine
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text)
  return `${version}`
}
