import { runCommand } from './run-command.ts'

const interrupted = new AbortController()
process.on('SIGINT', () => {
  // The second time the user means it.
  if (interrupted.signal.aborted) process.exit(130)
  interrupted.abort()
})

const { env, stdin, stdout, stderr } = process
// A reader that has seen enough, such as `head`, is no fault.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
process.exitCode = await runCommand(process.argv.slice(2), {
  env,
  stdin,
  stdout,
  stderr,
  signal: interrupted.signal,
})
