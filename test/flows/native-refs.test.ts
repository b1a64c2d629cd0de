import { describe, expect, test } from 'vitest'
import { deleteJob } from '../../src/flows/delete-job.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { jobPrefix } from '../../src/store/keys.ts'
import { refOf } from '../../src/uploads/ref.ts'
import type { Upload } from '../../src/uploads/upload.ts'
import { createFakeSts } from '../access/fakes/sts.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { openB2, openR2 } from './native-bed.ts'
import { readReply } from './read-reply.ts'
import { uploadOf } from './upload-of.ts'

const json = { 'content-type': 'application/json' }
const payload = Buffer.alloc(75_000, 'x').toString('base64')

async function upload(gateway: FakeGateway, changes: Partial<Upload> = {}): Promise<Upload> {
  const headers = new Headers({ authorization: 'Bearer a-key' })
  const [owner] = await (await gateway.deps.authenticate(headers, 'demo')).ids()
  const made = uploadOf({ owner, createdAt: gateway.clock.now, ...changes })
  await gateway.deps.uploads.create(made)
  await gateway.store.put(made.key, Buffer.from(`bytes of ${made.uploadId}`))
  return made
}

/** Lets the store of a gateway copy; gives the pairs. */
function copying({ store }: FakeGateway): [from: string, to: string][] {
  const copies: [string, string][] = []
  const send = store.send.bind(store)
  store.send = async (request) => {
    const { copyFrom, key } = request
    const source = store.objects.get(copyFrom ?? '')
    if (copyFrom === undefined || source === undefined) return await send(request)
    copies.push([copyFrom, key])
    const etag = await store.put(key, source.bytes)
    return answer(200, `<CopyObjectResult><ETag>${etag}</ETag></CopyObjectResult>`)
  }
  return copies
}

async function submit({ deps, sent }: FakeGateway, input: object) {
  const call = callOf('demo', JSON.stringify({ input }))
  await readReply(await submitJob(deps, call, 'run'))
  const last = sent.findLast(({ url }) => url.endsWith('/run'))
  return JSON.parse(Buffer.from(last?.body ?? []).toString())
}

const files = ({ store }: FakeGateway) =>
  [...store.objects.keys()].filter((key) => /^\d{4}-/.test(key)).sort()

describe.each([
  ['B2', openB2],
  ['R2', openR2],
])('keys of %s, which could write whatever they name', (_, open) => {
  test('name no upload: its file is copied into the job’s folder, and goes with the job', async () => {
    const { gateway } = open()
    const copies = copying(gateway)
    const [cat, dog] = [await upload(gateway), await upload(gateway)]
    const refs = { a: refOf(cat.uploadId), b: refOf(dog.uploadId), again: refOf(cat.uploadId) }
    const { input } = await submit(gateway, { ...refs, file: payload })
    const grant = await gateway.deps.grants.find('demo', 'job-1')
    if (grant === undefined) throw new Error('no grant')
    const own = jobPrefix(grant)
    expect(input).toEqual({
      a: `${own}in/1-cat.png`,
      b: `${own}in/2-cat.png`,
      again: `${own}in/1-cat.png`,
      file: expect.stringContaining(`${own}in/0-file.`),
    })
    expect(copies).toEqual([
      [cat.key, input.a],
      [dog.key, input.b],
    ])
    expect(grant.mounts.every(({ key }) => key.startsWith(own))).toBe(true)
    await deleteJob(gateway.deps, { ...callOf('demo'), method: 'DELETE' }, 'job-1')
    expect(files(gateway)).toEqual([cat.key, dog.key].sort())
  })

  test('leave no copy where the grant cannot be made', async () => {
    const { gateway } = open()
    const copies = copying(gateway)
    const cat = await upload(gateway)
    const { keyring } = gateway.deps
    const fault = new Error('no key')
    const deps = {
      ...gateway.deps,
      keyring: Object.defineProperty(Object.create(keyring), 'current', {
        get() {
          if (copies.length > 0) throw fault
          return keyring.current
        },
      }) as typeof keyring,
    }
    const call = callOf('demo', JSON.stringify({ input: { a: refOf(cat.uploadId) } }))
    await expect(submitJob(deps, call, 'run')).rejects.toBe(fault)
    expect(copies).toHaveLength(1)
    expect(files(gateway)).toEqual([cat.key])
  })
})

describe('keys of an STS', () => {
  let policies: string[] = []

  function open(): FakeGateway {
    const secret = { env: 'ANY' }
    const gateway = fakeGateway({
      stores: {
        main: {
          ...{ kind: 's3', endpoint: 'https://ceph.example', region: 'default', bucket: 'bulkway' },
          ...{ accessKeyId: secret, secretAccessKey: secret },
          sts: { roleArn: 'arn:aws:iam:::role/bulkway-job', maxSeconds: 172_800 },
        },
      },
      endpoints: {
        '*': { upstream: 'https://upstream.example/v2', store: 'main' },
        demo: {
          ...{ as: 'key', stage: 'always', access: 'sts' },
          s3ConfigFields: { sessionToken: 'token', keyPrefix: 'prefix' },
        },
      },
    })
    const sts = createFakeSts({ region: 'default', now: () => gateway.clock.now })
    sts.keys.set('any-secret', { secret: 'any-secret' })
    policies = []
    gateway.upstream = async ({ method, url, headers, body }) => {
      if (!url.startsWith('https://ceph.example')) {
        return answer(200, '{"id":"job-1","status":"IN_QUEUE"}', json)
      }
      const policy = new URLSearchParams(Buffer.from(body ?? []).toString()).get('Policy')
      if (policy !== null) policies.push(policy)
      return await sts.send({ method, url, headers, ...(body && { body }), idleTimeoutMs: 1 })
    }
    return gateway
  }

  async function submitRefs(gateway: FakeGateway, count: number) {
    const uploads: Upload[] = []
    for (let at = 0; at < count; at++) uploads.push(await upload(gateway))
    const given = uploads.map(({ uploadId }) => refOf(uploadId))
    const { input } = await submit(gateway, { given })
    return { uploads, given: input.given as string[] }
  }

  test('read some uploads where they are, and can write none', async () => {
    const gateway = open()
    const copies = copying(gateway)
    const { uploads, given } = await submitRefs(gateway, 5)
    expect(given).toEqual(uploads.map(({ key }) => key))
    expect(copies).toEqual([])
    const { Statement } = JSON.parse(policies[0] ?? '')
    const [reads, writes, lists] = Statement
    for (const { key } of uploads) expect(JSON.stringify(reads)).toContain(`:::bulkway/${key}"`)
    expect(JSON.stringify([writes, lists])).not.toContain('/in/')

    gateway.upstream = () => answer(200, '{"id":"job-1","status":"COMPLETED"}', json)
    const call = { ...callOf('demo'), method: 'GET' }
    await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    await deleteJob(gateway.deps, { ...callOf('demo'), method: 'DELETE' }, 'job-1')
    expect(files(gateway)).toEqual(uploads.map(({ key }) => key).sort())
  })

  test('read copies of so many that one policy cannot name them', async () => {
    const gateway = open()
    const copies = copying(gateway)
    const { uploads, given } = await submitRefs(gateway, 40)
    expect(copies.map(([from]) => from).sort()).toEqual(uploads.map(({ key }) => key).sort())
    expect(copies.map(([, to]) => to).sort()).toEqual([...given].sort())
    expect(policies[0]?.length).toBeLessThan(2048)
  })

  test('are given for none of them where a copy fails, and no copy stays', async () => {
    const gateway = open()
    copying(gateway)
    gateway.store.before = (line) => {
      if (/^put .*\/in\/7-/.test(line)) throw new Error('no copy today')
    }
    const uploads: Upload[] = []
    for (let at = 0; at < 40; at++) uploads.push(await upload(gateway))
    const given = uploads.map(({ uploadId }) => refOf(uploadId))
    await expect(submit(gateway, { given })).rejects.toThrow('no copy today')
    expect(policies).toEqual([])
    expect(files(gateway)).toEqual(uploads.map(({ key }) => key).sort())
  })
})
