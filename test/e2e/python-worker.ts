import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const wrapper = fileURLToPath(new URL('../../workers/python', import.meta.url))

/** Interpreter that has the genuine `runpod`, as test/python/setup.sh prints it. */
export const python: string | undefined = process.env['BULKWAY_PYTHON']

/** A process of RunPod's own worker loop. */
export interface PythonWorker {
  readonly process: ChildProcess
  /** Names of what the wrapper has fetched and not removed yet. */
  temporaryFiles(): Promise<string[]>
  stop(): Promise<void>
}

/** Attaches a script that calls `runpod.serverless.start` to one endpoint of an emulated platform. */
export function startPythonWorker(options: {
  readonly platformUrl: string
  readonly endpointId: string
  readonly script: string
  readonly env?: Readonly<Record<string, string>>
}): PythonWorker {
  const { platformUrl, endpointId, script, env } = options
  const base = `${platformUrl}/v2/${endpointId}`
  const folder = mkdtempSync(join(tmpdir(), 'bulkway-worker-'))
  const child = spawn(python ?? '', [script], {
    // A script may read its input to learn that the test is gone.
    stdio: ['pipe', 'ignore', 'inherit'],
    // A group of its own: the package starts a process that sends its heartbeats.
    detached: true,
    env: {
      PATH: process.env['PATH'],
      TMPDIR: folder,
      PYTHONPATH: wrapper,
      PYTHONDONTWRITEBYTECODE: '1',
      RUNPOD_POD_ID: `py-${endpointId}`,
      RUNPOD_AI_API_KEY: 'rpa_worker',
      RUNPOD_ENDPOINT_ID: endpointId,
      RUNPOD_WEBHOOK_GET_JOB: `${base}/job-take/$ID?gpu=test`,
      RUNPOD_WEBHOOK_POST_OUTPUT: `${base}/job-done/$RUNPOD_POD_ID/$ID?gpu=test`,
      RUNPOD_WEBHOOK_POST_STREAM: `${base}/job-stream/$RUNPOD_POD_ID/$ID?gpu=test`,
      RUNPOD_WEBHOOK_PING: `${base}/ping/$RUNPOD_POD_ID`,
      RUNPOD_DEBUG_LEVEL: 'ERROR',
      ...env,
    },
  })
  return {
    process: child,
    async temporaryFiles() {
      return (await readdir(folder)).filter((name) => name.startsWith('bulkway-'))
    },
    async stop() {
      const { pid, exitCode } = child
      if (pid !== undefined && exitCode === null) {
        const gone = once(child, 'exit')
        process.kill(-pid, 'SIGKILL')
        await gone
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}
