import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** One upload by boto3's `upload_file`. */
export interface Boto3Upload {
  /** URL of the store. */
  readonly store: string
  readonly path: string
  readonly partBytes: number
  /** Parts under way at a time. */
  readonly concurrency: number
  /** Whether it hashes what it sends, as it does by itself over plain HTTP. */
  readonly hashing: boolean
}

/** A Python process with boto3. */
export interface Boto3 {
  readonly pid: number
  /** Resolves to seconds. */
  upload(facts: Boto3Upload): Promise<number>
  stop(): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Makes the tests' Python environment, where it is not there; resolves to its interpreter. */
export async function findPython(): Promise<string> {
  const { BULKWAY_PYTHON } = process.env
  if (BULKWAY_PYTHON !== undefined) return BULKWAY_PYTHON
  const child = spawn(`${root}test/python/setup.sh`, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error('Cannot make the Python environment: see above')
  return printed.trim()
}

/** Starts boto3, ready to upload; it ends at the latest with this process. */
export async function startBoto3(python: string): Promise<Boto3> {
  const child = spawn(python, [`${root}bench/uploads/upload-file.py`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  async function answer(): Promise<string> {
    const { value, done } = await lines.next()
    if (done) throw new Error('boto3 has ended: see above')
    return value
  }
  await answer()
  return {
    pid: child.pid ?? -1,
    async upload(facts) {
      child.stdin.write(`${JSON.stringify(facts)}\n`)
      return JSON.parse(await answer())
    },
    async stop() {
      child.stdin.end()
      await exited
      process.off('exit', kill)
    },
  }
}
