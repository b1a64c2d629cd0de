import { beforeEach, describe, expect, test } from 'vitest'
import type { Deps } from '../../src/flows/deps.ts'
import { createApp } from '../../src/http/app.ts'
import { NotSent } from '../../src/platform.ts'
import {
  createFakeSts,
  type FakeSts,
  fault,
  rgwFault,
  sessionSecret,
  sessionToken,
  stsXml,
} from '../access/fakes/sts.ts'
import { requestAccess } from '../http/request-access.ts'
import { answer } from '../intake/memory-store.ts'
import { type FakeGateway, fakeGateway } from './fake-deps.ts'

const json = { 'content-type': 'application/json' }
const upstream = 'https://upstream.example/v2'
const body = JSON.stringify({ input: { file: Buffer.alloc(75_000, 'x').toString('base64') } })
let gateway: FakeGateway
let sts: FakeSts
let status: unknown

beforeEach(() => open())

function open(endpoint: object = {}, maxSeconds = 43_200 * 4): void {
  const secret = { env: 'ANY' }
  gateway = fakeGateway({
    stores: {
      main: {
        ...{ kind: 's3', endpoint: 'https://ceph.example', region: 'default', bucket: 'bulkway' },
        ...{ accessKeyId: secret, secretAccessKey: secret },
        sts: { roleArn: 'arn:aws:iam:::role/bulkway-job', maxSeconds },
      },
    },
    endpoints: {
      '*': { upstream, store: 'main' },
      demo: {
        ...{ as: 'key', stage: 'always', access: 'sts' },
        s3ConfigFields: { sessionToken: 'aws_session_token', accessId: 'id', keyPrefix: 'prefix' },
        ...endpoint,
      },
    },
  })
  sts = createFakeSts({ region: 'default', now: () => gateway.clock.now })
  sts.keys.set('any-secret', { secret: 'any-secret' })
  status = { id: 'job-1', status: 'IN_QUEUE' }
  gateway.upstream = async ({ method, url, headers, body: sent }) => {
    if (!url.startsWith('https://ceph.example')) return answer(200, JSON.stringify(status), json)
    return await sts.send({ method, url, headers, ...(sent && { body: sent }), idleTimeoutMs: 1 })
  }
}

async function ask(method: string, path: string, sent?: string, deps: Deps = gateway.deps) {
  const headers = {
    authorization: 'Bearer a-key',
    ...(sent !== undefined && { ...json, 'content-length': String(sent.length) }),
  }
  const init = { method, headers, ...(sent !== undefined && { body: sent }) }
  const response = await createApp(deps, requestAccess).request(`/v2/demo/${path}`, init)
  return { response, text: await response.text() }
}

const submitted = () => gateway.sent.filter(({ url }) => url === `${upstream}/demo/run`)
const worker = () => JSON.parse(Buffer.from(submitted().at(-1)?.body ?? []).toString())

describe('a job with keys of an STS', () => {
  test('is given them under the names that its worker takes', async () => {
    const { response } = await ask('POST', 'run', body)
    expect(response.status).toBe(200)
    const { s3Config, input } = worker()
    const [key = ''] = [...gateway.store.objects.keys()].filter((name) => name.includes('/in/'))
    expect(s3Config).toEqual({
      id: expect.stringMatching(/^ASIA/),
      accessSecret: sessionSecret,
      bucketName: 'bulkway',
      endpointUrl: 'https://ceph.example',
      aws_session_token: sessionToken,
      prefix: key.replace(/in\/[^/]*$/, 'out/'),
    })
    expect(input.file).toBe(key)
  })

  test('never shows them again, in whatever form they come back', async () => {
    await ask('POST', 'run', body)
    const { id } = worker().s3Config
    const echoed = {
      token: sessionToken,
      secret: sessionSecret,
      trace: `headers: x-amz-security-token: ${sessionToken}`,
      url: `https://ceph.example/bulkway/x?X-Amz-Security-Token=${encodeURIComponent(sessionToken)}`,
      packed: btoa(`{"secret":"${sessionSecret}"}`),
      nested: JSON.stringify({ s3Config: worker().s3Config }),
    }
    status = { id: 'job-1', status: 'COMPLETED', output: echoed }
    for (const deps of [gateway.deps, gateway.another()]) {
      const { response, text } = await ask('GET', 'status/job-1', undefined, deps)
      expect(response.status).toBe(200)
      for (const literal of [sessionToken, sessionSecret, id, encodeURIComponent(sessionToken)]) {
        expect(text).not.toContain(literal)
      }
      expect(text).not.toContain(btoa(sessionSecret).slice(4, 40))
    }
  })

  test('cannot be retried: its keys cannot be renewed', async () => {
    await ask('POST', 'run', body)
    status = { id: 'job-1', status: 'FAILED' }
    gateway.clock.now += 60_000
    await ask('GET', 'status/job-1')
    const { response, text } = await ask('POST', 'retry/job-1', '{}')
    expect(response.status).toBe(409)
    expect(JSON.parse(text)).toMatchObject({ code: 'retry_impossible' })
    expect(gateway.sent.some(({ url }) => url.includes('/retry/'))).toBe(false)
  })

  test('is given the job bucket where sessions are too short for it, and the log says why', async () => {
    open({}, 3600)
    await ask('POST', 'run', body)
    expect(worker().s3Config.id).toMatch(/^BW1/)
    expect(sts.asked).toEqual([])
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({ event: 'access_fallback', access: 'sts', longestSeconds: 3600 }),
    )
  })
})

test('the longest keys fit into the room that is left for them', async () => {
  open({ s3Config: 'always', s3ConfigFields: { sessionToken: 'sessionToken', keyPrefix: 'p' } })
  const accessId = `ASIA${'A'.repeat(252)}`
  const keys = { accessId, secret: '/'.repeat(1024), token: '/'.repeat(8192) }
  sts.keys.set(accessId, keys)
  const expiration = '2099-01-01T00:00:00Z'
  sts.answers.push(answer(200, stsXml({ action: 'AssumeRole', ...keys, expiration })))
  const small = '{"input":{}}'
  expect((await ask('POST', 'run', small)).response.status).toBe(200)
  expect(worker().s3Config.sessionToken).toBe(keys.token)
  const sent = submitted()[0]?.body?.length ?? Number.POSITIVE_INFINITY
  expect(sent - small.length).toBeLessThan(12_288)
})

describe('an STS that gives nothing', () => {
  const echo = 'The secret was any-secret, the token eyJhbGciOi'
  test.each([
    ['400', () => fault(400, 'MalformedPolicyDocument', echo), 502, 'access_refused', 1],
    ['403', () => fault(403, 'AccessDenied', echo), 502, 'access_refused', 1],
    ['403 of radosgw', () => rgwFault(403, 'AccessDenied'), 502, 'access_refused', 1],
    ['garbage', () => answer(200, '<AssumeRoleResponse><'), 502, 'access_refused', 1],
    ['HTML', () => answer(200, '<html>login</html>'), 502, 'access_refused', 1],
    ['nothing', () => answer(200, ''), 502, 'access_refused', 1],
    ['throttling', () => fault(400, 'Throttling', echo), 503, 'access_unavailable', 4],
    ['503', () => answer(503, echo), 503, 'access_unavailable', 4],
    ['no connection', () => new NotSent('ECONNREFUSED'), 503, 'access_unavailable', 4],
  ])('with %s: nothing is submitted, nothing stays', async (_name, reply, code, name, tries) => {
    for (let tried = 0; tried < 10; tried++) sts.answers.push(reply())
    const { response, text } = await ask('POST', 'run', body)
    expect(response.status).toBe(code)
    expect(JSON.parse(text)).toMatchObject({ code: name, error: expect.any(String) })
    if (code === 503) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(sts.asked).toHaveLength(tries)
    expect(submitted()).toEqual([])
    expect([...gateway.store.objects.keys()]).toEqual([])
    expect(gateway.store.open.size).toBe(0)
    for (const said of [text, JSON.stringify(gateway.logged)]) {
      expect(said).not.toContain('any-secret')
      expect(said).not.toContain(sessionSecret)
    }
    const problem = gateway.logged.find(({ event }) => event === 'problem')
    expect(problem).toMatchObject({ code: name, cause: expect.any(String) })
  })

  test('is asked anew for the next job', async () => {
    sts.answers.push(fault(403, 'AccessDenied'))
    expect((await ask('POST', 'run', body)).response.status).toBe(502)
    expect((await ask('POST', 'run', body)).response.status).toBe(200)
  })
})
