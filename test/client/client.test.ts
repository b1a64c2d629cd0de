import { afterEach, expect, test } from 'vitest'
import { createClient, type Job } from '../../src/client/client.ts'
import { type FakeGateway, startFakeGateway } from './fakes/gateway.ts'

const quick = { baseMs: 5, capMs: 20, giveUpMs: 2_000 }
const running: FakeGateway[] = []
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close()
})
async function start() {
  const gateway = await startFakeGateway()
  running.push(gateway)
  const client = createClient({ baseUrl: `${gateway.url}/v2/`, apiKey: 'key-1', retry: quick })
  return { gateway, client }
}
const file = new File(['hello'], 'a.txt')

test('uploads files, places their refs and submits', async () => {
  const { gateway, client } = await start()
  const request = { input: { task: 'digest', images: ['kept'] }, policy: { ttl: 60_000 } }
  const job = await client.run('demo', request, {
    files: { 'images.1': file, '/input/mask': new Blob(['mask']) },
  })

  expect(job).toMatchObject({ id: 'job-1', status: 'IN_QUEUE' })
  const sent = gateway.seen.find(({ path }) => path === '/v2/demo/run')
  expect(JSON.parse(`${sent?.body}`)).toEqual({
    input: { task: 'digest', images: ['kept', 'bulkway:u1'], mask: 'bulkway:u2' },
    policy: { ttl: 60_000 },
  })
  expect(request.input.images).toEqual(['kept'])
})

test('names a session, and asks again while another job has it', async () => {
  const { gateway, client } = await start()
  const busy = { status: 503, body: '{"code":"session_busy"}', headers: { 'retry-after': '0' } }
  let calls = 0
  gateway.fate = () => (++calls < 3 ? busy : undefined)
  const job = await client.run('demo', { input: {} }, { session: 'run-42' })

  expect(job.id).toBe('job-1')
  const runs = gateway.seen.filter(({ path }) => path === '/v2/demo/run')
  expect(runs.map(({ headers }) => headers['bulkway-session'])).toEqual(Array(3).fill('run-42'))
})

test('says how long files are kept, where it is told to', async () => {
  const { gateway, client } = await start()
  for (const retention of [604_800, 'persistent', undefined] as const) {
    await client.run('demo', { input: {} }, retention === undefined ? {} : { retention })
  }
  const runs = gateway.seen.filter(({ path }) => path === '/v2/demo/run')
  const sent = runs.map(({ headers }) => headers['bulkway-retention'])
  expect(sent).toEqual(['604800', 'persistent', undefined])
})

test('refuses a path that leads nowhere before it sends anything', async () => {
  const { gateway, client } = await start()
  const files = { 'task.image': file }

  await expect(client.run('demo', { input: { task: 'x' } }, { files })).rejects.toThrow(TypeError)
  expect(gateway.seen).toEqual([])
})

test('waits until a job is final, and tells every status once', async () => {
  const { gateway, client } = await start()
  gateway.statuses = ['IN_QUEUE', 'IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']
  const told: Job[] = []
  const job = await client.wait('demo', 'job-1', {
    pollMs: [1, 2],
    onStatus: (one) => told.push(one),
  })

  expect(job).toMatchObject({ status: 'COMPLETED', output: { fine: true } })
  expect(told.map(({ status }) => status)).toEqual(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED'])
})

test('answers with a job that failed', async () => {
  const { gateway, client } = await start()
  gateway.statuses = ['FAILED']
  expect((await client.wait('demo', 'job-1')).status).toBe('FAILED')
})

test('leaves a job that it waits for with the signal’s reason', async () => {
  const { gateway, client } = await start()
  gateway.statuses = ['IN_QUEUE']
  const signal = AbortSignal.timeout(100)
  await expect(client.wait('demo', 'job-1', { signal })).rejects.toMatchObject({
    name: 'TimeoutError',
  })
})

test('submits once, whatever becomes of the connection, and again where nothing was submitted', async () => {
  const { gateway, client } = await start()
  let calls = 0
  gateway.fate = () => (++calls === 1 ? 'reset' : undefined)
  await expect(client.run('demo', { input: {} })).rejects.toMatchObject({ code: 'network_error' })
  expect(calls).toBe(1)

  const busy = { status: 503, body: JSON.stringify({ code: 'busy', detail: 'Full' }) }
  gateway.fate = () => (++calls === 2 ? busy : undefined)
  expect((await client.run('demo', { input: {} })).id).toBe('job-1')
  expect(calls).toBe(3)
})

test.each([
  ['a broken connection', 'reset' as const],
  ['an id that was not recorded', { status: 503, body: '{"code":"job_not_bound"}' }],
  ['an upstream that broke off', { status: 502, body: '{"code":"upstream_unreachable"}' }],
  ['a fault of the gateway', { status: 500, body: '{"code":"internal_error"}' }],
  ['a proxy that gave up', { status: 504, body: '<html>' }],
  ['a proxy that is full', { status: 503, body: '', headers: { 'retry-after': '0' } }],
])('submits once after %s', async (_, fate) => {
  const { gateway, client } = await start()
  let calls = 0
  gateway.fate = () => {
    calls++
    return fate
  }
  for (const operation of ['run', 'runsync'] as const) {
    calls = 0
    await expect(client[operation]('demo', { input: {} })).rejects.toThrow()
    expect(calls).toBe(1)
  }
})

test.each([
  ['a line break', 'key-1\n'],
  ['a line break within', 'key\r\n-1'],
  ['a typographic quote', '“key-1”'],
  ['a blank', 'key 1'],
  ['nothing', ''],
])('refuses a key with %s before anything is sent, and does not repeat it', async (_, apiKey) => {
  const { gateway } = await start()
  const onRetry = () => {
    throw new TypeError('Tried again')
  }
  const client = createClient({ baseUrl: gateway.url, apiKey, retry: quick, onRetry })
  const error = await client.status('demo', 'job-1').catch((one) => one)

  expect(error).toMatchObject({ name: 'BulkwayError', code: 'unauthorized', status: 0 })
  expect(error.cause).toBeUndefined()
  if (apiKey !== '') expect(`${error.stack}`).not.toContain(apiKey)
  expect(gateway.seen).toEqual([])
})

test('tells a problem with all that it says', async () => {
  const { gateway, client } = await start()
  const problem = {
    code: 'upload_not_found',
    detail: 'Cannot find it',
    pointer: '/input/image',
    requestId: 'req-9',
  }
  gateway.fate = () => ({ status: 404, body: JSON.stringify(problem) })
  await expect(client.run('demo', { input: {} })).rejects.toMatchObject({
    name: 'BulkwayError',
    status: 404,
    ...problem,
  })
})

test.each([
  ['the platform’s own', '{"error":"endpoint not found"}', 'endpoint not found'],
  ['a proxy’s', '<html>Not here</html>', 'The answer has status 404'],
  ['one that is no object', '[]', 'The answer has status 404'],
])('tells a refusal that is no problem: %s', async (_, body, detail) => {
  const { gateway, client } = await start()
  gateway.fate = () => ({ status: 404, body })
  const error = { code: 'upstream_error', status: 404, detail }
  await expect(client.status('demo', 'job-1')).rejects.toMatchObject(error)
})

test('tells an answer that is not what it should be', async () => {
  const { gateway, client } = await start()
  for (const body of ['<html>', '{}', '[]', 'null', '']) {
    gateway.fate = () => ({ status: 200, body })
    await expect(client.status('demo', 'job-1')).rejects.toMatchObject({ code: 'invalid_answer' })
  }
})

test('asks for a token before every request', async () => {
  const { gateway } = await start()
  let count = 0
  const token = async () => `token-${++count}`
  const client = createClient({ baseUrl: gateway.url, token })
  await client.status('demo', 'job-1')
  await client.cancel('demo', 'job-1')

  expect(gateway.seen.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
  ])
})

test('runs and reads jobs whose ids need escaping', async () => {
  const { gateway, client } = await start()
  await client.runsync('a/b', { input: null })
  await client.status('a/b', '../x?y')

  expect(gateway.seen.map(({ path }) => path)).toEqual([
    '/v2/a%2Fb/runsync',
    '/v2/a%2Fb/status/..%2Fx%3Fy',
  ])
})
