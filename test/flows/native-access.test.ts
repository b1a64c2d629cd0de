import { beforeEach, describe, expect, test } from 'vitest'
import { readJob } from '../../src/flows/read-job.ts'
import { retryJob } from '../../src/flows/retry-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../src/flows/webhooks/receive-webhook.ts'
import { dayOfJobFile } from '../../src/store/keys.ts'
import { b2Account, type FakeB2, fault } from '../access/fakes/b2.ts'
import { answer, unavailable } from '../intake/memory-store.ts'
import { callOf, type FakeGateway } from './fake-deps.ts'
import { type NativeBed, openB2, openR2 } from './native-bed.ts'
import { readReply } from './read-reply.ts'

const json = { 'content-type': 'application/json' }
const input = { file: Buffer.alloc(75_000, 'x').toString('base64') }
let bed: NativeBed
let gateway: FakeGateway
let b2: FakeB2

function start(opened: NativeBed): void {
  bed = opened
  gateway = bed.gateway
  b2 = bed.b2
}

const submit = async (more: object = {}) =>
  await readReply(
    await submitJob(gateway.deps, callOf('demo', JSON.stringify({ input, ...more })), 'run'),
  )
const files = () => [...gateway.store.objects.keys()].filter((key) => dayOfJobFile(key))
const grant = () => gateway.another().grants.find('demo', 'job-1')
function worker(): { input: { file: string }; s3Config: Record<string, string>; webhook: string } {
  const sent = gateway.sent.findLast(({ url }) => url.endsWith('/run'))
  return JSON.parse(Buffer.from(sent?.body ?? []).toString())
}

/** Lets a client see a status of the job. */
async function see(status: string, output: unknown = null): Promise<string> {
  gateway.clock.now += 60_000
  bed.platform = () => answer(200, JSON.stringify({ id: 'job-1', status, output }), json)
  const call = { ...callOf('demo'), method: 'GET' }
  return await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
}

describe('a job with keys of B2', () => {
  beforeEach(() => start(openB2()))

  test('is given four fields, and keys that reach its one folder', async () => {
    await submit()
    const { s3Config, input: given } = worker()
    const [[id, key] = []] = b2.keys
    expect(s3Config).toEqual({
      accessId: id,
      accessSecret: key?.secret,
      bucketName: 'bulkway-b2',
      endpointUrl: 'https://s3.us-east-005.backblazeb2.com',
    })
    expect(files()).toEqual([given.file])
    expect(given.file.startsWith(`${key?.namePrefix}in/`)).toBe(true)
    expect(await grant()).toMatchObject({ access: 'b2', revocation: id })
    // Its times are kept in whole seconds.
    const { writeExpiresAt = 0 } = (await grant()) ?? {}
    expect(key?.expiresAt).toBeGreaterThanOrEqual(writeExpiresAt)
    expect(key?.expiresAt).toBeLessThan(writeExpiresAt + 1000)
  })

  test('is told the prefix of its outputs where the endpoint asks for it, by its own names', async () => {
    start(openB2({ s3ConfigFields: { keyPrefix: 'prefix', region: 'where', accessId: 'id' } }))
    await submit()
    const [[id, key] = []] = b2.keys
    expect(worker().s3Config).toMatchObject({
      id,
      prefix: `${key?.namePrefix}out/`,
      where: 'auto',
    })
    expect(worker().s3Config).not.toHaveProperty('accessId')
  })

  test('takes S3 URIs of the real bucket', async () => {
    start(openB2({ as: 's3-uri' }))
    await submit()
    expect(worker().input.file).toBe(`s3://bulkway-b2/${files()[0]}`)
  })

  test.for(['COMPLETED', 'CANCELLED', 'FAILED', 'TIMED_OUT'])(
    'has none any more once it is %s',
    async (status) => {
      await submit()
      expect(b2.keys.size).toBe(1)
      await see('IN_PROGRESS')
      expect(b2.keys.size).toBe(1)
      await see(status)
      expect(b2.keys.size).toBe(0)
      expect((await grant())?.state).toBe('ended')
    },
  )

  test('has none any more once the webhook says that it is over', async () => {
    await submit({ webhook: 'https://client.example/hook' })
    const token = worker().webhook.split('/').at(-1) ?? ''
    let left: number | undefined
    bed.platform = () => {
      left = b2.keys.size
      return answer(200)
    }
    gateway.clock.now += 60_000
    const body = answer(200, '{"id":"job-1","status":"COMPLETED"}').body
    await readReply(await receiveWebhook(gateway.deps, token, body))
    expect(left).toBe(0)
  })

  test('cannot reach the webhook on its way to the client with them', async () => {
    await submit({ webhook: 'https://client.example/hook' })
    const token = worker().webhook.split('/').at(-1) ?? ''
    const prefixes = [...b2.keys.values()].map(({ namePrefix }) => `${namePrefix}`)
    const written: string[] = []
    gateway.store.before = (line) => {
      const key = /^put (\d{4}-.*)$/.exec(line)?.[1]
      if (key !== undefined) written.push(key)
    }
    bed.platform = () => answer(200)
    const body = answer(200, '{"id":"job-1","status":"COMPLETED"}').body
    await readReply(await receiveWebhook(gateway.deps, token, body))
    expect(written).toHaveLength(1)
    expect(dayOfJobFile(`${written[0]}`)).toBe((await grant())?.day)
    for (const prefix of prefixes) expect(written[0]?.startsWith(prefix)).toBe(false)
  })

  test('never shows its keys again', async () => {
    await submit()
    const { accessId, accessSecret } = worker().s3Config
    const text = await see('COMPLETED', { accessId, accessSecret })
    expect(text).not.toContain(accessId)
    expect(text).not.toContain(accessSecret)
  })

  test('cannot be retried', async () => {
    await submit()
    await see('FAILED')
    await expect(retryJob(gateway.deps, callOf('demo', '{}'), 'job-1')).rejects.toMatchObject({
      code: 'retry_impossible',
    })
  })

  test('that upstream refuses leaves neither keys nor files', async () => {
    bed.platform = ({ url }) => (url.endsWith('/run') ? answer(400, '{}', json) : answer(200, '{}'))
    await submit()
    expect(b2.calls).toContain('b2_create_key')
    expect(b2.keys.size).toBe(0)
    expect(files()).toEqual([])
  })

  test('that cannot be sealed leaves neither keys nor files', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('put grants/')) throw unavailable()
    }
    await expect(submit()).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(b2.calls).toContain('b2_create_key')
    expect(b2.keys.size).toBe(0)
    expect(files()).toEqual([])
  })

  test('whose keys cannot be deleted ends all the same, and the log says so', async () => {
    await submit()
    b2.intercept = async (name, go) =>
      name === 'b2_delete_key' ? fault(503, 'service_unavailable') : await go()
    expect(JSON.parse(await see('COMPLETED'))).toMatchObject({ status: 'COMPLETED' })
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({ event: 'revoke_failed', access: 'b2' }),
    )
  })

  test.for([
    [400, 'access_refused'],
    [401, 'access_refused'],
    [403, 'access_refused'],
    [429, 'access_unavailable'],
    [503, 'access_unavailable'],
  ] as const)('is not submitted where B2 answers %i: %s', async ([status, code]) => {
    b2.intercept = async (name, go) =>
      name === 'b2_create_key' ? fault(status, 'any_code') : await go()
    await expect(submit()).rejects.toMatchObject({ code })
    expect(gateway.sent.some(({ url }) => url.endsWith('/run'))).toBe(false)
    expect([...gateway.store.objects.keys()]).toEqual([])
    expect(JSON.stringify(gateway.logged)).not.toContain(b2Account.applicationKey)
  })

  test('asks for no keys where it has its own s3Config', async () => {
    await submit({ s3Config: { accessId: 'mine-is-this', accessSecret: 'mine-is-that' } })
    expect(b2.calls).toEqual([])
  })
})

describe('a request whose body takes two days', () => {
  test('is promised nothing beyond the day that its folder is kept', async () => {
    start(openB2())
    gateway.store.before = (line) => {
      if (line.includes('/in/')) gateway.clock.now += 2 * 86_400_000
    }
    await submit({ policy: { ttl: 7 * 86_400_000 } })
    const { day = '', writeExpiresAt, readExpiresAt } = (await grant()) ?? {}
    expect(worker().input.file.startsWith(`${day}/`)).toBe(true)
    const lastMs = Date.parse(`${day}T23:59:59.999Z`)
    expect({ writeExpiresAt, readExpiresAt }).toEqual({
      writeExpiresAt: lastMs,
      readExpiresAt: lastMs,
    })
    // Its times are kept in whole seconds.
    expect([...b2.keys.values()][0]?.expiresAt).toBeLessThan(lastMs + 1000)
  })

  test('has the times of its job where the day is long enough', async () => {
    start(openB2())
    const { now } = gateway.clock
    await submit({ policy: { ttl: 86_400_000 } })
    expect((await grant())?.writeExpiresAt).toBe(now + 86_400_000 + 3_600_000)
  })
})

describe('a job with keys of R2', () => {
  test('is given a session token under the endpoint’s name for it', async () => {
    start(openR2())
    await submit()
    const { s3Config, input: given } = worker()
    expect(Object.keys(s3Config)).toEqual([
      'accessId',
      'accessSecret',
      'bucketName',
      'endpointUrl',
      'token',
    ])
    const jwt = atob(s3Config['token'] ?? '')
    const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
    const folder = given.file.split('/').slice(0, 2).join('/')
    expect(claims).toMatchObject({
      bucket: 'bulkway-b2',
      aud: `${'0'.repeat(32)}.r2.cloudflarestorage.com`,
      sub: '0'.repeat(32),
      paths: { prefixPaths: [`${folder}/in/`, `${folder}/out/`], objectPaths: [] },
    })
    const text = await see('COMPLETED', s3Config)
    expect(text).not.toContain(s3Config['token'])
    expect(text).not.toContain(s3Config['accessSecret'])
  })

  test('has the job bucket instead where it may take longer than they live', async () => {
    start(openR2())
    await submit({ policy: { ttl: 7 * 86_400_000 } })
    expect(worker().s3Config['bucketName']).toBe('job_files')
    expect(worker().s3Config).not.toHaveProperty('token')
    expect(worker().input.file).toMatch(/^in\//)
    expect((await grant())?.access).toBeUndefined()
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({
        event: 'access_fallback',
        access: 'r2',
        jobSeconds: 7 * 86_400 + 3600,
        longestSeconds: 604_800,
      }),
    )
    start(openR2())
    await submit({ policy: { ttl: 6 * 86_400_000 } })
    expect(worker().s3Config['bucketName']).toBe('bulkway-b2')
    expect(gateway.logged.map(({ event }) => event)).not.toContain('access_fallback')
  })
})
