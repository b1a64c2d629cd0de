import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf, multipartBytes, sha256 } from './payload.ts'
import { secretsOf } from './platform-view.ts'
import { type PythonWorker, python, startPythonWorker } from './python-worker.ts'
import { secretsIn } from './secret-forms.ts'

const stack = useStack({ worker: 'none' })
const endpointId = 'demo'

// Made by test/python/setup.sh; without it there is nothing to attach.
describe.runIf(python !== undefined)("RunPod's own worker, unmodified", () => {
  let worker: PythonWorker

  beforeAll(() => {
    const script = 'test/python/worker.py'
    worker = startPythonWorker({ platformUrl: stack.platformUrl, endpointId, script })
  })

  afterAll(() => worker.stop())

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

  test('names its outputs as its own functions do, and each name is a link', async () => {
    const id = await stack.submitted(endpointId, { input: { task: 'upload' } })
    const done = await stack.settled(endpointId, id)
    const { status, output } = json(done)
    expect(status, done.text).toBe('COMPLETED')
    const { links, text } = output as { links: string[]; text: string }
    const all = [...links, ...(JSON.parse(text) as { links: string[] }).links]
    expect(all).toHaveLength(6)
    for (const link of all) {
      expect(link).toMatch(new RegExp(`^${stack.url}/files/[\\w-]+/[^/]+$`))
      expect(await (await fetch(link)).text()).toBe("written by RunPod's own functions")
    }
    expect(secretsIn(done.text, secretsOf(await stack.platform.job(id)))).toEqual([])
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
