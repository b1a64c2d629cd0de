import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf, multipartBytes, sha256 } from './payload.ts'
import { secretsOf } from './platform-view.ts'
import { secretsIn } from './secret-forms.ts'

const python = process.env['BULKWAY_PYTHON']
const stack = useStack({ worker: 'none' })
const endpointId = 'demo'

// Made by test/python/setup.sh; without it there is nothing to attach.
describe.runIf(python !== undefined)("RunPod's own worker, unmodified", () => {
  let worker: ChildProcess

  beforeAll(() => {
    const base = `${stack.platformUrl}/v2/${endpointId}`
    worker = spawn(python ?? '', ['test/python/worker.py'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      // A group of its own: the package starts a process that sends its heartbeats.
      detached: true,
      env: {
        PATH: process.env['PATH'],
        RUNPOD_POD_ID: 'py-1',
        RUNPOD_AI_API_KEY: 'rpa_worker',
        RUNPOD_ENDPOINT_ID: endpointId,
        RUNPOD_WEBHOOK_GET_JOB: `${base}/job-take/$ID?gpu=test`,
        RUNPOD_WEBHOOK_POST_OUTPUT: `${base}/job-done/$RUNPOD_POD_ID/$ID?gpu=test`,
        RUNPOD_WEBHOOK_POST_STREAM: `${base}/job-stream/$RUNPOD_POD_ID/$ID?gpu=test`,
        RUNPOD_WEBHOOK_PING: `${base}/ping/$RUNPOD_POD_ID`,
        RUNPOD_DEBUG_LEVEL: 'ERROR',
      },
    })
  })

  afterAll(async () => {
    const { pid, exitCode } = worker
    if (pid === undefined || exitCode !== null) return
    const gone = once(worker, 'exit')
    process.kill(-pid, 'SIGKILL')
    await gone
  })

  test('fetches its input with boto3 and the four fields', async () => {
    const file = bytesOf(multipartBytes)
    const id = await stack.submitted(endpointId, {
      input: { task: 'digest', file: file.toString('base64') },
    })
    const done = json(await stack.settled(endpointId, id))

    expect(done).toMatchObject({
      status: 'COMPLETED',
      output: { bytes: file.length, sha256: sha256(file) },
    })
  })

  test('uploads an output in parts, and its presigned link becomes one of the gateway', async () => {
    const id = await stack.submitted(endpointId, { input: { task: 'write', bytes: 12_000_000 } })
    const done = await stack.settled(endpointId, id)
    const { status, output } = json(done)
    expect(status, done.text).toBe('COMPLETED')
    expect(output).toMatchObject({
      url: expect.stringContaining(`${stack.url}/files/`),
      sha256: expect.any(String),
    })
    if (typeof output !== 'object' || output === null) throw new TypeError('No output')
    const { url, sha256: digest } = { url: '', sha256: '', ...output }
    const response = await fetch(url)

    expect(response.status).toBe(200)
    expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(digest)
    expect(secretsIn(done.text, secretsOf(await stack.platform.job(id)))).toEqual([])
    expect(stack.store.openUploads()).toEqual([])
  })

  test('gives nothing away in a traceback', async () => {
    const id = await stack.submitted(endpointId, { input: { task: 'fail' } })
    const done = await stack.settled(endpointId, id)

    expect(json(done)).toMatchObject({ status: 'FAILED', error: expect.any(String) })
    expect(done.text).toContain('no luck with')
    expect(secretsIn(done.text, secretsOf(await stack.platform.job(id)))).toEqual([])
  })

  test('After the sweep nothing of it is left', async () => {
    await stack.expectNothingLeft()
  })
})

test('CI attaches a worker', () => {
  if (process.env['CI'] !== undefined) expect(python).toBeDefined()
})
