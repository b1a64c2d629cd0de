import { createServer } from 'node:http'
import runpodSdk from 'runpod-sdk'
import { afterEach, expect, test } from 'vitest'
import { createPlatform, type EmulatedPlatform } from '../../dev/platform/emulator.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(options: Partial<Parameters<typeof createPlatform>[0]> = {}) {
  const platform = await createPlatform({
    port: 0,
    takeWaitMs: 200,
    webhookDelayMs: 20,
    ...options,
  })
  closing.push(() => platform.close())
  const endpoint = runpodSdk('rpa_test', { baseUrl: `${platform.url}/v2` }).endpoint('demo')
  if (endpoint === null) throw new Error('The SDK has no endpoint')
  return { platform, endpoint }
}

// A worker in the manner of runpod-python: JSON text that says it is a form.
function worker({ url }: EmulatedPlatform, endpointId = 'demo') {
  async function post(path: string, body: string) {
    const response = await fetch(`${url}/v2/${endpointId}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    })
    await response.arrayBuffer()
    return response.status
  }
  return {
    async take(): Promise<Record<string, unknown> & { id: string }> {
      const response = await fetch(`${url}/v2/${endpointId}/job-take/w1?gpu=x&job_in_progress=0`)
      return JSON.parse(await response.text())
    },
    done: (id: string, result: unknown) =>
      post(`job-done/w1/${id}?gpu=x&isStream=false`, JSON.stringify(result)),
    chunk: (id: string, output: unknown) =>
      post(`job-stream/w1/${id}?gpu=x&isStream=false`, JSON.stringify({ output })),
  }
}

async function call(url: string, init: RequestInit = {}) {
  const response = await fetch(url, {
    ...init,
    headers: { authorization: 'rpa_raw', ...Object(init.headers) },
  })
  const text = await response.text()
  return {
    status: response.status,
    text,
    body: text.startsWith('{') ? JSON.parse(text) : undefined,
  }
}

test('carries a job from run to status without s3Config', async () => {
  const { platform, endpoint } = await start()
  const s3Config = { accessId: 'a', accessSecret: 'b', bucketName: 'c', endpointUrl: 'd' }
  const queued = await endpoint.run({ input: { task: 'x' }, s3Config })
  expect(queued).toMatchObject({ status: 'IN_QUEUE' })
  expect(queued.id).toMatch(/^[0-9a-f-]{36}-u1$/)
  const { take, done } = worker(platform)
  const job = await take()
  expect(job).toEqual({ id: queued.id, input: { task: 'x' }, s3Config })
  expect(await endpoint.status(queued.id)).toMatchObject({ status: 'IN_PROGRESS', workerId: 'w1' })
  expect(await done(job.id, { output: { ok: true } })).toBe(200)
  const status = await endpoint.status(queued.id)
  expect(status).toMatchObject({ status: 'COMPLETED', output: { ok: true }, completed: true })
  expect(status).toMatchObject({ delayTime: expect.any(Number), executionTime: expect.any(Number) })
  expect(JSON.stringify(status)).not.toContain('s3Config')
  expect(platform.submitted('demo')[0]?.s3Config).toEqual(s3Config)
})

test('answers runSync when the worker is done', async () => {
  const { platform, endpoint } = await start()
  const answer = endpoint.runSync({ input: { n: 1 } }, 5_000)
  const { take, done } = worker(platform)
  const job = await take()
  expect(job.id).toMatch(/^sync-/)
  await done(job.id, { output: 'yes' })
  expect(await answer).toMatchObject({ status: 'COMPLETED', output: 'yes', succeeded: true })
})

test('hands every chunk of a stream over once', async () => {
  const { platform, endpoint } = await start()
  const { id } = await endpoint.run({ input: { n: 1 } })
  const { take, chunk, done } = worker(platform)
  await take()
  await chunk(id, 'one')
  await chunk(id, { two: 2 })
  const first = await call(`${platform.url}/v2/demo/stream/${id}`)
  expect(first.body).toEqual({
    status: 'IN_PROGRESS',
    stream: [{ output: 'one' }, { output: { two: 2 } }],
  })
  await chunk(id, 'three')
  await done(id, { output: [] })
  const rest: unknown[] = []
  for await (const item of endpoint.stream(id)) rest.push(item)
  expect(rest).toEqual([{ output: 'three' }])
})

test('cancels a job, counts it in health and tells its worker', async () => {
  const { platform, endpoint } = await start()
  const { id } = await endpoint.run({ input: { n: 1 } })
  await worker(platform).take()
  expect(await endpoint.health()).toMatchObject({
    jobs: { inProgress: 1, inQueue: 0 },
    workers: { running: 1, idle: 0 },
  })
  expect(await endpoint.cancel(id)).toMatchObject({ id, status: 'CANCELLED' })
  const { body } = await call(`${platform.url}/v2/demo/job-stop/w1?gpu=x`)
  expect(body).toEqual({ jobsToStop: [id] })
  expect((await call(`${platform.url}/v2/demo/job-stop/w1?gpu=x`)).status).toBe(204)
})

test('purges what is queued', async () => {
  const { endpoint } = await start()
  await endpoint.run({ input: { n: 1 } })
  await endpoint.run({ input: { n: 2 } })
  expect(await endpoint.purgeQueue()).toEqual({ removed: 2, status: 'completed' })
})

test('retries a failed job with the input it has stored, and no other', async () => {
  const { platform, endpoint } = await start()
  const { id } = await endpoint.run({ input: { n: 1 } })
  const { take, done } = worker(platform)
  await take()
  await done(id, { error: 'no' })
  expect(await endpoint.status(id)).toMatchObject({ status: 'FAILED', error: 'no' })
  const retry = () => call(`${platform.url}/v2/demo/retry/${id}`, { method: 'POST' })
  expect((await retry()).body).toEqual({ id, status: 'IN_QUEUE' })
  expect(await take()).toEqual({ id, input: { n: 1 } })
  await done(id, { output: 1 })
  expect((await retry()).status).toBe(400)
})

test('refuses bodies over the limit in the words of the platform', async () => {
  const { platform } = await start()
  const submit = (route: string, body: string) =>
    call(`${platform.url}/v2/demo/${route}`, { method: 'POST', body })
  const filled = (bytes: number) => `{"input":"${'x'.repeat(bytes - 12)}"}`
  expect((await submit('run', filled(10 * 1_048_576))).status).toBe(200)
  expect(await submit('run', filled(10 * 1_048_576 + 1))).toMatchObject({
    status: 400,
    text: '{"error":"bad request: body: exceeded max body size of 10MiB"}',
  })
  expect((await submit('runsync?wait=1000', filled(20 * 1_048_576 + 1))).text).toContain('20MiB')
  expect((await submit('run', '{"input"')).status).toBe(400)
  expect((await submit('run', '{"webhook":"x"}')).status).toBe(400)
})

test('strips an empty input, as the platform does', async () => {
  const { platform, endpoint } = await start()
  const { id } = await endpoint.run({ input: {} })
  expect(await worker(platform).take()).toEqual({ id })
})

test('loses an output over the limit and calls the job completed', async () => {
  const { platform, endpoint } = await start()
  const { id } = await endpoint.run({ input: { n: 1 } })
  const { take, done } = worker(platform)
  await take()
  expect(await done(id, { output: 'x'.repeat(11 * 1_048_576) })).toBe(400)
  const status = await endpoint.status(id)
  expect(status).toMatchObject({ status: 'COMPLETED' })
  expect(status).not.toHaveProperty('output')
})

test('refuses bad keys, unknown endpoints and unknown jobs', async () => {
  const { platform } = await start()
  const health = (endpointId: string, authorization: string) =>
    call(`${platform.url}/v2/${endpointId}/health`, { headers: { authorization } })
  expect((await health('demo', 'Bearer bad_key')).status).toBe(401)
  expect((await health('demo', '')).status).toBe(401)
  expect((await health('demo', 'bearer good')).status).toBe(200)
  expect((await health('missing', 'good')).status).toBe(404)
  expect((await call(`${platform.url}/v2/demo/status/none`)).status).toBe(404)
})

test('forgets results after their retention, and jobs after their ttl', async () => {
  let time = 1_000_000
  const { platform, endpoint } = await start({
    now: () => time,
    retention: { runMs: 5_000, runsyncMs: 1_000 },
  })
  const { id } = await endpoint.run({ input: { n: 1 }, policy: { ttl: 10_000 } })
  const other = await endpoint.run({ input: { n: 2 }, policy: { ttl: 10_000 } })
  const { take, done } = worker(platform)
  await take()
  await done(id, { output: 1 })
  time += 4_999
  expect(await endpoint.status(id)).toMatchObject({ status: 'COMPLETED' })
  time += 1
  expect((await call(`${platform.url}/v2/demo/status/${id}`)).status).toBe(404)
  expect((await call(`${platform.url}/v2/demo/status/${other.id}`)).status).toBe(200)
  time += 5_000
  expect((await call(`${platform.url}/v2/demo/status/${other.id}`)).status).toBe(404)
})

test('times out a job that runs longer than it may', async () => {
  let time = 1_000_000
  const { platform, endpoint } = await start({ now: () => time })
  const { id } = await endpoint.run({ input: { n: 1 }, policy: { executionTimeout: 5_000 } })
  await worker(platform).take()
  time += 5_000
  expect(await endpoint.status(id)).toMatchObject({ status: 'TIMED_OUT' })
})

test('delivers a webhook with input and webhook echoed, and tries three times', async () => {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      bodies.push(body)
      response.writeHead(500).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => void server.close())
  const address = server.address()
  const webhook = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`
  const { platform, endpoint } = await start()
  const { id } = await endpoint.run({ input: { n: 1 }, webhook })
  const { take, done } = worker(platform)
  await take()
  await done(id, { output: 'x' })
  await expect.poll(() => platform.webhookTries).toHaveLength(3)
  expect(platform.webhookTries).toEqual(Array(3).fill({ jobId: id, status: 500 }))
  expect(new Set(bodies).size).toBe(1)
  expect(JSON.parse(bodies[0] ?? '')).toMatchObject({
    id,
    status: 'COMPLETED',
    output: 'x',
    input: { n: 1 },
    webhook,
  })
})

test('fails the next call as it is told', async () => {
  const { platform } = await start()
  const run = () =>
    call(`${platform.url}/v2/demo/run`, { method: 'POST', body: '{"input":{"n":1}}' })
  const next = (fault: unknown) =>
    call(`${platform.url}/_emulator/next`, { method: 'POST', body: JSON.stringify(fault) })
  await next({ path: 'run', status: 502, body: '<html>bad gateway</html>' })
  expect(await run()).toMatchObject({ status: 502, text: '<html>bad gateway</html>' })
  await next({ path: 'run', drop: 'before' })
  await expect(run()).rejects.toThrow()
  expect(platform.submitted('demo')).toHaveLength(0)
  await next({ path: 'run', drop: 'after' })
  await expect(run()).rejects.toThrow()
  const [job] = platform.submitted('demo')
  expect(job?.received).toBe('{"input":{"n":1}}')
  const seen = await call(`${platform.url}/_emulator/jobs/${job?.id}`)
  expect(seen.body).toMatchObject({ id: job?.id, status: 'IN_QUEUE', input: { n: 1 } })
  expect((await run()).status).toBe(200)
})

test('gives each of two workers that wait one of two jobs', async () => {
  const { platform, endpoint } = await start()
  const first = await endpoint.run({ input: { n: 1 } })
  const second = await endpoint.run({ input: { n: 2 } })
  const [one, two] = await Promise.all([worker(platform).take(), worker(platform).take()])
  expect([one.id, two.id].toSorted()).toEqual([first.id, second.id].toSorted())
})

test('forgets a job when it is told to, and says so', async () => {
  const { platform, endpoint } = await start()
  const { id } = await endpoint.run({ input: { a: 1 } })
  expect(platform.forget(id)).toBe(true)
  expect((await call(`${platform.url}/v2/demo/status/${id}`)).status).toBe(404)
  expect(platform.forget(id)).toBe(false)
  const url = `${platform.url}/_emulator/forget/${id}`
  expect((await call(url, { method: 'POST' })).status).toBe(404)
})
