import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'

/** A process of the stack, with all that it starts. */
export interface Child {
  readonly pid: number
  /** What it has printed last, for error messages. */
  tail(): string
  /** Asks it to end, and after `graceMs` ends its whole process group. */
  stop(): Promise<void>
  /** SIGKILL to its whole process group, as a crash would. */
  kill(): Promise<void>
  readonly exited: Promise<number | null>
}

const graceMs = 5_000
const tailCharacters = 4_000
const running = new Set<ChildProcess>()

// Nothing of the stack outlives it, however it ends.
process.on('exit', () => {
  for (const child of running) killGroup(child)
})

/** Starts Node on `args` in a process group of its own; `onLine` sees what it prints. */
export function startChild(
  args: readonly string[],
  options: {
    readonly cwd: string
    readonly env: Readonly<Record<string, string>>
    readonly onLine?: (line: string) => void
  },
): Child {
  const child = spawn(process.execPath, [...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  running.add(child)
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-tailCharacters)
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) options.onLine?.(line)
    })
  }
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('exit', (code) => {
      // What it left behind goes too: workerd outlives a wrangler that was killed.
      killGroup(child)
      running.delete(child)
      resolve(code)
    })
  })

  return {
    pid: child.pid ?? -1,
    tail: () => tail.trim(),
    exited,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => killGroup(child), graceMs)
      await exited
      clearTimeout(timer)
    },
    async kill() {
      killGroup(child)
      await exited
    },
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
}

/** Resolves when `ready` does; rejects with what the child printed when it ends or is too slow. */
export async function whenReady(
  name: string,
  child: Child,
  ready: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  let over: string | undefined
  void child.exited.then((code) => {
    over = `${name} ended with code ${code}`
  })
  const deadline = Date.now() + timeoutMs
  while (!(await ready())) {
    if (Date.now() > deadline) over ??= `${name} was not ready within ${timeoutMs / 1_000} s`
    if (over !== undefined) {
      await child.kill()
      throw new Error(`${over}\n${child.tail()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Whether anything answers at `url`, whatever it says. */
export async function answers(url: string, good: (status: number) => boolean): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    return good(response.status)
  } catch {
    return false
  }
}

/** Whether a port of loopback is free now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/**
 * The first of `count` free ports in a row, by chance and below those that the system gives out by
 * itself: a server that starts a little later must not find its port taken by such a one.
 */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 22_000)
    const ports = Array.from({ length: count }, (_, at) => isFree(first + at))
    if (!(await Promise.all(ports)).includes(false)) return first
  }
}
