import { createHash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { createCaller, json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'
import { secretsOf } from './platform-view.ts'
import { secretsIn } from './secret-forms.ts'

const alice = `bw_${'a'.repeat(43)}`
const bob = `bw_${'b'.repeat(43)}`

function entry(name: string, key: string) {
  return { name, sha256: createHash('sha256').update(key).digest('hex'), endpoints: ['*'] }
}

const stack = useStack({
  worker: 'none',
  // A webhook comes again after a runsync could have been bound by its answer.
  webhookDelayMs: 3_000,
  env: { BULKWAY_UPSTREAM_KEY: 'rpa_of_the_gateway' },
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      '*': { ...document.endpoints['*'], upstreamKey: { env: 'BULKWAY_UPSTREAM_KEY' } },
    },
    auth: { mode: 'keys', keys: [entry('alice', alice), entry('bob', bob)] },
  }),
})

const ask = (path: string, key = alice) => stack.call('GET', `/v2/demo/${path}`, { key })
const keptKeys = async () => (await stack.bucket.keys()).filter((key) => key.startsWith('results/'))

async function plant(fault: Record<string, unknown>): Promise<void> {
  const { call } = createCaller(stack.platformUrl, { quiet: true })
  const answer = await call('POST', '/_emulator/next', { body: JSON.stringify(fault) })
  expect(answer.status).toBe(200)
}

/** Resolves when a job's result is in the store and its webhook has been taken, so that its grant has ended. */
async function kept(jobId: string, run = ''): Promise<void> {
  const isKept = async () => (await keptKeys()).some((key) => key.endsWith(`/${jobId}${run}`))
  await expect.poll(isKept, { timeout: 20_000 }).toBe(true)
  const { call } = createCaller(stack.platformUrl, { quiet: true })
  const taken = async () => {
    const { text } = await call('GET', '/_emulator/webhook-tries')
    const tries: { jobId: string; status?: number }[] = JSON.parse(text)
    return tries.filter((one) => one.jobId === jobId && one.status === 200).length
  }
  await expect.poll(taken, { timeout: 20_000 }).toBe(run === '' ? 1 : 2)
}

/** Submits a job and takes it as a worker does. */
async function taken() {
  const id = await stack.submitted('demo', { input: { a: 1 } }, { key: alice })
  const job = await stack.platform.take('demo')
  expect(job.id).toBe(id)
  if (job.s3Config === undefined) throw new TypeError('The job has no s3Config')
  return { id, job, s3: job.s3Config }
}

describe('A result that the platform has forgotten', () => {
  test('still answers status and status-sync, for its owner alone', async () => {
    const { id, job, s3 } = await taken()
    const output = { word: 'kept', echo: s3.accessSecret }
    await stack.platform.finish('demo', id, { output })
    await kept(id)
    await stack.platform.forget(id)

    for (const path of [`status/${id}`, `status-sync/${id}?wait=1000`]) {
      const answer = await ask(path)
      expect(answer.status, answer.text).toBe(200)
      const status = json(answer)
      expect(status).toMatchObject({ id, status: 'COMPLETED', output: { word: 'kept' } })
      expect(Object.keys(status)).not.toContain('input')
      expect(Object.keys(status)).not.toContain('webhook')
      expect(secretsIn(answer.text, secretsOf(job))).toEqual([])
      expect((await ask(path, bob)).status).toBe(404)
    }
    expect((await ask(`stream/${id}`)).status).toBe(404)
  })

  test('lies in the store without a secret', async () => {
    const { id, job, s3 } = await taken()
    await stack.platform.finish('demo', id, {
      error: `Traceback: ${s3.accessId} ${s3.accessSecret}`,
    })
    await kept(id)
    const key = (await keptKeys()).find((name) => name.endsWith(`/${id}`)) ?? ''
    const text = (await stack.bucket.get(key)).toString()
    expect(JSON.parse(text)).toMatchObject({ id, status: 'FAILED' })
    expect(secretsIn(text, secretsOf(job))).toEqual([])
  })

  test('has links that still work, and may be larger than what is held', async () => {
    const { id, s3 } = await taken()
    const file = bytesOf(200_000)
    await workerClient(s3).send(
      new PutObjectCommand({ Bucket: s3.bucketName, Key: 'out.bin', Body: file }),
    )
    const url = `${s3.endpointUrl}/${s3.bucketName}/out.bin`
    const padding = 'x'.repeat(8_000_000)
    await stack.platform.finish('demo', id, { output: { padding, url } })
    await kept(id)
    await stack.platform.forget(id)

    const answer = json(await ask(`status/${id}`))['output']
    const output = typeof answer === 'object' ? { ...answer } : {}
    expect(output).toMatchObject({ padding })
    const link = String('url' in output ? output.url : '')
    expect(link).toContain('/files/')
    const followed = await fetch(link)
    expect(Buffer.from(await followed.arrayBuffer()).equals(file)).toBe(true)
  })

  test('is told too while the platform is in trouble', async () => {
    const { id } = await taken()
    await stack.platform.finish('demo', id, { output: 1 })
    await kept(id)
    for (const fault of [{ status: 502 }, { drop: 'before' }]) {
      await plant({ path: 'status', ...fault })
      expect(json(await ask(`status/${id}`))).toMatchObject({ id, status: 'COMPLETED', output: 1 })
    }
  })

  test('is void once the job is retried, and gone once it is deleted', async () => {
    const { id } = await taken()
    await stack.platform.finish('demo', id, { error: 'first' })
    await kept(id)
    const retried = await stack.call('POST', `/v2/demo/retry/${id}`, { key: alice, body: '{}' })
    expect(retried.status, retried.text).toBe(200)
    await plant({ path: 'status', status: 502 })
    expect((await ask(`status/${id}`)).status).toBe(502)

    await stack.platform.take('demo')
    await stack.platform.finish('demo', id, { output: 'second' })
    await kept(id, '~1')
    expect((await stack.call('DELETE', `/v2/demo/jobs/${id}`, { key: alice })).status).toBe(204)
    expect((await keptKeys()).filter((key) => key.includes(id))).toEqual([])
    await stack.platform.forget(id)
    expect((await ask(`status/${id}`)).status).toBe(404)
  })
})

test('A runsync whose client left is found by its request id, and its result fetched', async () => {
  const body = JSON.stringify({ input: { a: 1 } })
  const call = stack.open('POST', '/v2/demo/runsync?wait=60000', {
    key: alice,
    headers: { 'content-length': `${body.length}`, 'x-request-id': 'order-4711' },
    body,
  })
  call.answer.catch(() => {})
  await call.write(body)
  const job = await stack.platform.take('demo')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  call.destroy()
  const found = await ask('jobs?requestId=order-4711')
  expect(json(found)['jobs']).toEqual([{ submittedAt: expect.any(String) }])
  expect(found.headers['retry-after']).toBe('2')

  await stack.platform.finish('demo', job.id, { output: 'late' })
  await kept(job.id)
  await stack.platform.forget(job.id)
  expect(json(await ask('jobs?requestId=order-4711'))['jobs']).toEqual([
    { id: job.id, submittedAt: expect.any(String) },
  ])
  expect(json(await ask('jobs?requestId=order-4711', bob))['jobs']).toEqual([])
  expect(json(await ask(`status/${job.id}`))).toMatchObject({ id: job.id, output: 'late' })
})

test('After the sweep nothing of it is left', async () => {
  await stack.expectNothingLeft()
})
