import type { ChildProcess } from 'node:child_process'

/** Ends a process with this one, should that be interrupted. */
export function leash(child: ChildProcess): void {
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
}
