import { beforeEach, describe, expect, test } from 'vitest'
import { deleteJob } from '../../src/flows/delete-job.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { NotSent } from '../../src/platform.ts'
import { answer, unavailable } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

const json = { 'content-type': 'application/json' }
const input = JSON.stringify({ input: { file: Buffer.alloc(75_000, 'x').toString('base64') } })
let gateway: FakeGateway
let secret: string
let jobs: number

beforeEach(async () => {
  gateway = fakeGateway({ endpoints: stagedEndpoints })
  jobs = 0
  await submit(gateway)
})

const stagedEndpoints = {
  '*': { upstream: 'https://upstream.example/v2', store: 'main', as: 'key', stage: 'always' },
}

async function submit({ deps, sent }: FakeGateway, headers = {}): Promise<string> {
  const id = `job-${++jobs}`
  gateway.upstream = ({ url }) =>
    url.endsWith('/run') ? answer(200, `{"id":"${id}","status":"IN_QUEUE"}`, json) : fine()
  await readReply(await submitJob(deps, callOf('demo', input, headers), 'run'))
  const body = sent.find(({ url }) => url.endsWith('/run'))?.body ?? []
  secret = JSON.parse(Buffer.from(body).toString()).s3Config.accessSecret
  return id
}

const fine = () => answer(200, '{"id":"job-1","status":"CANCELLED"}', json)
const files = () => [...gateway.store.objects.keys()].filter((key) => /^\d/.test(key))
const remove = (id = 'job-1', headers = {}) =>
  deleteJob(gateway.deps, { ...callOf('demo', undefined, headers), method: 'DELETE' }, id)
const grant = () => gateway.another().grants.find('demo', 'job-1')
const cancels = () => gateway.sent.filter(({ url }) => url.includes('/cancel/')).length

async function writeOutput(): Promise<void> {
  const prefix = (await grant())?.mounts.find(({ path }) => path === '')?.key
  await gateway.store.put(`${prefix}a/b.bin`, new Uint8Array(3))
  await gateway.store.createUpload(`${prefix}open.bin`, 'video/mp4')
}

describe('deleting a job', () => {
  test('ends its grant, cancels it, and leaves none of its files', async () => {
    await writeOutput()
    expect(files()).toHaveLength(2)
    expect((await remove()).status).toBe(204)
    expect((await grant())?.state).toBe('ended')
    expect(cancels()).toBe(1)
    expect(files()).toEqual([])
    expect(gateway.store.open.size).toBe(0)
  })

  test('can be repeated, and what upstream still says is cleaned as before', async () => {
    await remove()
    expect((await remove()).status).toBe(204)
    gateway.upstream = () => answer(200, JSON.stringify({ id: 'job-1', error: secret }), json)
    const call = { ...callOf('demo'), method: 'GET' }
    const text = await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    expect(text).not.toContain(secret)
  })

  test.each([400, 404, 409])(
    'goes through when upstream says %i: the job is over',
    async (code) => {
      gateway.upstream = ({ url }) => (url.includes('/cancel/') ? answer(code, '{}') : fine())
      expect((await remove()).status).toBe(204)
      expect(files()).toEqual([])
    },
  )

  test.each([
    ['answers 500', () => answer(500, '{}')],
    ['limits the rate', () => answer(429, '{}')],
    [
      'is gone',
      () => {
        throw new NotSent('gone')
      },
    ],
  ])('says so when upstream %s, but access has ended', async (_, fails) => {
    gateway.upstream = ({ url }) => (url.includes('/cancel/') ? fails() : fine())
    await expect(remove()).rejects.toMatchObject({ code: 'upstream_unreachable' })
    expect((await grant())?.state).toBe('ended')
    gateway.upstream = fine
    expect((await remove()).status).toBe(204)
    expect(files()).toEqual([])
  })

  test('keeps everything when the grant cannot be ended', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('put grants/')) throw unavailable()
    }
    await expect(remove()).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(cancels()).toBe(0)
    expect(files()).toHaveLength(1)
  })

  test('leaves other jobs alone, and what is mounted from elsewhere', async () => {
    await submit(gateway)
    const { grantId } = (await grant()) ?? { grantId: '' }
    const mounts = [
      { path: 'in/1-ref.bin', key: 'uploads/2026-12-01/abc', mode: 'read' },
      { path: 'session/', key: 'sessions/s1/', mode: 'read-write' },
    ] as const
    for (const { key } of mounts) await gateway.store.put(`${key}x`, new Uint8Array(1))
    await gateway.deps.grants.update(grantId, (stored) => ({
      ...stored,
      mounts: [...mounts, ...stored.mounts],
    }))
    await remove()
    expect(files()).toHaveLength(1)
    expect(gateway.store.objects.has('sessions/s1/x')).toBe(true)
    expect(gateway.store.objects.has('uploads/2026-12-01/abcx')).toBe(true)
  })
})

test('deleting a job removes of its folder what the job bucket holds alone', async () => {
  const { day, grantId } = (await grant()) ?? {}
  const spooled = `${day}/${grantId}/webhook/body.json`
  await writeOutput()
  await gateway.store.put(spooled, new Uint8Array(1))
  await gateway.store.createUpload(spooled, 'application/json')
  await remove()
  expect(files()).toEqual([spooled])
  expect([...gateway.store.open.values()].map(({ key }) => key)).toEqual([spooled])
})

describe('who may delete a job', () => {
  const another = { authorization: 'Bearer another-key' }

  test('is another key of the account, as far as upstream lets it cancel', async () => {
    expect((await remove('job-1', another)).status).toBe(204)
    expect(cancels()).toBe(1)
  })

  test('is nobody whom upstream refuses', async () => {
    gateway.upstream = () => answer(401, '{}')
    await expect(remove('job-1', another)).rejects.toMatchObject({ code: 'unauthorized' })
    gateway.upstream = ({ url }) => (url.includes('/cancel/') ? answer(404, '{}') : fine())
    await expect(remove('job-1', another)).rejects.toMatchObject({ code: 'not_found' })
    expect(files()).toHaveLength(1)
    expect((await grant())?.state).toBe('active')
  })

  test('is nobody where there is no such job', async () => {
    await expect(remove('job-9')).rejects.toMatchObject({ code: 'not_found' })
    expect(cancels()).toBe(0)
  })
})
