import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

/** Runs a command of the project with its output shown; false when it fails. */
export function run(command: readonly string[], root: string): Promise<boolean> {
  const [program = '', ...rest] = command
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      cwd: root,
      env: { ...process.env, PATH: path },
      // npm and the tools of node_modules/.bin are scripts (.cmd) on Windows, which need a shell.
      shell: process.platform === 'win32',
      stdio: 'inherit',
    })
    child.on('error', (error) => {
      console.error(`Cannot run ${program}: ${error.message}`)
      resolve(false)
    })
    child.on('close', (code) => resolve(code === 0))
  })
}
