import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const setup = fileURLToPath(new URL('../setup.sh', import.meta.url))
const attached = fileURLToPath(new URL('attached.py', import.meta.url))

/** Path of an interpreter with the workers' packages; the first time they are downloaded. */
export async function findPython(): Promise<string> {
  const { stdout } = await execute(setup)
  return stdout.trim()
}

/** A process of RunPod's own worker loop, as the platform starts one in a container. */
export interface PythonWorker {
  /** What the platform calls it, `RUNPOD_POD_ID`. */
  readonly name: string
  /** SIGKILL, as when a machine is lost; resolves when the process is gone. */
  kill(): Promise<void>
}

/** Starts `script`, which calls `runpod.serverless.start`, for one endpoint of an emulated platform. */
export async function startPythonWorker(options: {
  readonly python: string
  readonly platformUrl: string
  readonly endpointId: string
  readonly script: string
  readonly name: string
  /** Folder in which the worker's own disk is made. */
  readonly directory: string
  readonly env?: Readonly<Record<string, string>>
  /** Sees every line that the handler prints. */
  readonly onLine?: (line: string) => void
}): Promise<PythonWorker> {
  const { python, platformUrl, endpointId, script, name, directory, env, onLine } = options
  const base = `${platformUrl}/v2/${endpointId}`
  const disk = await mkdtemp(join(directory, 'disk-'))
  const child = spawn(python, [attached, script], {
    cwd: disk,
    stdio: ['pipe', onLine === undefined ? 'ignore' : 'pipe', 'inherit'],
    // A group of its own: the package starts a process that sends its heartbeats.
    detached: true,
    env: {
      PATH: process.env['PATH'],
      TMPDIR: disk,
      PYTHONDONTWRITEBYTECODE: '1',
      RUNPOD_POD_ID: name,
      RUNPOD_AI_API_KEY: 'rpa_worker',
      RUNPOD_ENDPOINT_ID: endpointId,
      RUNPOD_WEBHOOK_GET_JOB: `${base}/job-take/$ID?gpu=none`,
      RUNPOD_WEBHOOK_POST_OUTPUT: `${base}/job-done/$RUNPOD_POD_ID/$ID?gpu=none`,
      RUNPOD_WEBHOOK_POST_STREAM: `${base}/job-stream/$RUNPOD_POD_ID/$ID?gpu=none`,
      RUNPOD_WEBHOOK_PING: `${base}/ping/$RUNPOD_POD_ID`,
      RUNPOD_DEBUG_LEVEL: 'ERROR',
      ...env,
    },
  })
  if (onLine !== undefined && child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', onLine)
  }
  const gone = once(child, 'exit')
  gone.catch(() => {})
  return {
    name,
    async kill() {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, 'SIGKILL')
        await gone
      }
      await rm(disk, { recursive: true, force: true })
    },
  }
}
