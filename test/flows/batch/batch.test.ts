import { beforeEach, describe, expect, test } from 'vitest'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { deriveScopedKey } from '../../../src/grants/scoped-key.ts'
import { createApp } from '../../../src/http/app.ts'
import { requestAccess } from '../../http/request-access.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { type FakeGateway, fakeGateway, type Sent } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

const json = { 'content-type': 'application/json' }
const picture = Buffer.alloc(90_000, 'picture')
const base64 = picture.toString('base64')
const adminKey = `bw_${'a'.repeat(43)}`
const plainKey = `bw_${'b'.repeat(43)}`
let gateway: FakeGateway
/** What the platform answers to anything but health. */
let platform: (sent: Sent) => { status?: number; body: unknown }

function build(changes: Record<string, unknown> = {}): FakeGateway {
  const made = fakeGateway({
    endpoints: {
      '*': {
        upstream: 'https://upstream.example/v2',
        store: 'main',
        upstreamKey: { env: 'ANY' },
      },
      plain: {},
      demo: { as: 'key', stage: 'always' },
      link: { as: 'url', stage: 'always', s3Config: 'never' },
      over: { as: 'key', runMaxBytes: 100_000 },
      always: { as: 'key', s3Config: 'always' },
      ruled: { as: 'key', rules: [{ pointer: '/input/images/*', stage: true }] },
    },
    ...changes,
  })
  made.upstream = (sent) => {
    if (sent.url.endsWith('/health')) return answer(200, '{}')
    const { status = 200, body } = platform(sent)
    return answer(status, JSON.stringify(body), json)
  }
  return made
}

beforeEach(() => {
  gateway = build()
  platform = () => ({ body: { id: 'batch_1', status: 'DRAFT' } })
})

async function ask(
  method: string,
  path: string,
  options: { body?: unknown; key?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { body, key = 'a-key' } = options
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const headers = new Headers({ authorization: `Bearer ${key}`, ...json, ...options.headers })
  if (text !== undefined) headers.set('content-length', String(Buffer.byteLength(text)))
  return await createApp(gateway.deps, requestAccess).request(path, {
    method,
    headers,
    ...(text !== undefined && { body: text }),
  })
}

const add = (endpointId: string, body: unknown) => ask('POST', `/v2/${endpointId}/batch`, { body })
const append = (endpointId: string, body: unknown) =>
  ask('POST', `/v2/${endpointId}/batch/batch_1/requests`, { body })
const asked = () => gateway.sent.filter(({ url }) => !url.endsWith('/health'))
const sentText = () => Buffer.from(asked().at(-1)?.body ?? []).toString()
const keys = (root: string) =>
  [...gateway.store.objects.keys()].filter((key) => key.startsWith(root))

/** What a worker reads of a job that it was given. */
async function readInput(s3Config: { accessId: string }, path: string): Promise<string> {
  for (const key of keys('grants/')) {
    const grant = await gateway.deps.grants.read(key.split('/').at(-1) ?? '')
    const scoped = grant && (await deriveScopedKey(gateway.deps.keyring, grant.kid, grant.grantId))
    if (grant === undefined || scoped?.accessId !== s3Config.accessId) continue
    const mount = grant.mounts.find((one) => path.startsWith(one.path))
    const real = `${mount?.key}${path.slice(mount?.path.length)}`
    return Buffer.from(gateway.store.objects.get(real)?.bytes ?? []).toString()
  }
  throw new Error('No such key')
}

describe('requests of a new batch', () => {
  test('are staged each by itself, with keys, outputs and a webhook of their own', async () => {
    const response = await add('demo', [
      { input: { image: base64, n: 1.0 } },
      { input: { small: 'x' } },
      {
        input: { image: Buffer.alloc(90_000, 'another').toString('base64') },
        policy: { ttl: 1e5 },
      },
    ])
    expect(await response.json()).toEqual({ id: 'batch_1', status: 'DRAFT' })
    expect(asked().at(-1)?.url).toBe('https://upstream.example/v2/demo/batch')
    const [first, second, third] = JSON.parse(sentText())
    expect(second).toEqual({ input: { small: 'x' } })
    expect(sentText()).toContain('{"input":{"small":"x"}}')
    expect(third.policy).toEqual({ ttl: 1e5 })
    expect(first.input.image).toMatch(/^in\/\d+-image\.bin$/)
    expect(await readInput(first.s3Config, first.input.image)).toBe(picture.toString())
    expect(await readInput(third.s3Config, third.input.image)).toMatch(/^another/)
    expect(first.s3Config.accessId).not.toBe(third.s3Config.accessId)
    expect(first.webhook).not.toBe(third.webhook)
    expect(keys('grants/')).toHaveLength(2)
    expect(keys('batches/')).toHaveLength(1)
    // It may be days until a batch begins.
    const grant = await gateway.deps.grants.read(keys('grants/')[0]?.split('/').at(-1) ?? '')
    expect((grant?.writeExpiresAt ?? 0) - gateway.clock.now).toBeGreaterThan(7 * 86_400_000)
  })

  test('go on as they came where nothing concerns the gateway', async () => {
    for (const body of ['[]', ' [ {"input":{"a": 1.0 }} ] ', '{"not":"a list"}', 'no json']) {
      await add('demo', body)
      expect(sentText()).toBe(body)
    }
    await add('plain', [{ input: { image: base64 } }])
    expect(sentText()).toBe(JSON.stringify([{ input: { image: base64 } }]))
    expect(gateway.store.objects.size).toBe(0)
  })

  test('have files staged in bodies that are too large, and are refused where that does not help', async () => {
    expect((await add('over', [{ input: { a: base64 } }, { input: { b: base64 } }])).status).toBe(
      200,
    )
    expect(JSON.parse(sentText())[1].input.b).toMatch(/^in\//)
    const count = gateway.store.objects.size
    const refused = await add('over', [{ input: { a: base64, text: 'ä b'.repeat(60_000) } }])
    expect(refused.status).toBe(413)
    expect((await add('plain', [{ input: { text: 'x'.repeat(11_000_000) } }])).status).toBe(413)
    expect(gateway.store.objects.size).toBe(count)
  })

  test('follow the rules of their endpoint, get keys and links as it says', async () => {
    await add('ruled', [{ input: { images: ['aGVsbG8=', 'd29ybGQ='], other: 'aGVsbG8=' } }])
    const [ruled] = JSON.parse(sentText())
    expect(ruled.input.images[1]).toMatch(/^in\/1-images\.bin$/)
    expect(ruled.input.other).toBe('aGVsbG8=')
    await add('always', [{ input: { a: 1 } }, { noInput: 1 }, {}])
    const [always, ...others] = JSON.parse(sentText())
    expect(always.s3Config.bucketName).toBe('job_files')
    expect(others).toEqual([{ noInput: 1 }, {}])
    await add('link', [{ input: { a: base64 } }])
    const [link] = JSON.parse(sentText())
    expect(link.s3Config).toBeUndefined()
    const sealed = `${link.input.a}`.split('/').at(-2) ?? ''
    expect(await readReply(await readFile(gateway.deps, 'GET', sealed, new Headers()))).toBe(
      picture.toString(),
    )
  })

  test("keep the client's own webhook and s3Config, sealed", async () => {
    const own = { accessId: 'OWNID', accessSecret: 'own-secret-text', bucketName: 'b' }
    const webhook = 'https://client.example/hook'
    await add('plain', [
      { input: { a: 1 }, webhook },
      { input: { a: 2 }, s3Config: own },
    ])
    const [first, second] = JSON.parse(sentText())
    expect(first.webhook).toMatch(/^https:\/\/gateway\.example\/webhooks\//)
    expect(second.s3Config).toEqual(own)
    platform = () => ({ body: { id: 'batch_1', name: 'own-secret-text' } })
    const response = await ask('GET', '/v2/plain/batch/batch_1')
    expect(await response.json()).toEqual({ id: 'batch_1', name: '***************' })
  })

  test('leave nothing behind when upstream refuses them, or one of them is bad', async () => {
    platform = () => ({ status: 400, body: { error: 'no' } })
    expect((await add('demo', [{ input: { a: base64 } }])).status).toBe(400)
    expect((await append('demo', { requests: [{ input: { a: base64 } }] })).status).toBe(400)
    platform = () => ({ body: { id: 'batch_1' } })
    const bad = [
      [{ input: { a: base64 } }, { input: { a: 1 }, webhook: 'http://10.0.0.1/x' }],
      [{ input: { a: base64 } }, { input: { ref: 'bulkway:upload/nonsense' } }],
    ]
    for (const body of bad) {
      expect((await add('demo', body)).status).toBeGreaterThanOrEqual(400)
    }
    expect((await add('demo', `[{"input":{"a":"${base64}"}},`)).status).toBe(400)
    const twice = `{"requests":[{"input":{"a":"${base64}"}}],"requests":[]}`
    expect((await append('demo', twice)).status).toBe(400)
    const stray = { other: [{ input: { a: base64 } }], requests: [] }
    expect((await append('demo', stray)).status).toBe(400)
    await gateway.idle()
    expect(gateway.store.objects.size).toBe(0)
  })

  test('are cancelled where nobody could find them again', async () => {
    const put = gateway.store.put.bind(gateway.store)
    gateway.store.put = async (key, ...rest) => {
      if (key.startsWith('batches/')) throw new Error('full')
      return await put(key, ...rest)
    }
    expect((await add('demo', [{ input: { a: base64 } }])).status).toBe(503)
    expect(asked().at(-1)?.url).toBe('https://upstream.example/v2/demo/batch/batch_1/cancel')
    const count = asked().length
    // Where the batch is known beforehand, nothing is sent at all.
    expect((await append('demo', { requests: [{ input: { a: base64 } }] })).status).toBe(503)
    expect(asked()).toHaveLength(count)
  })

  test('are taken though their ids could not be noted, which is tried again', async () => {
    let faults = 2
    gateway.store.before = (line) => {
      if (line.startsWith('put batch-requests/') && faults-- > 0) throw unavailable()
    }
    const requests = [{ id: 'req_1' }, { id: 'req_2' }]
    platform = () => ({ body: { id: 'batch_1', requests } })
    expect((await add('demo', [{ input: { a: base64 } }])).status).toBe(200)
    expect(gateway.logged).toContainEqual(expect.objectContaining({ event: 'batch_not_noted' }))
    await gateway.idle()
    expect(keys('batch-requests/')).toHaveLength(2)
    expect(asked()).toHaveLength(1)
  })

  test('are limited in number', async () => {
    gateway = build({ limits: { batchItems: 2 } })
    const three = [1, 2, 3].map((n) => ({ input: { n } }))
    const response = await add('always', three)
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ code: 'too_many_items', limit: 2, actual: 3 })
    expect((await add('always', three.slice(1))).status).toBe(200)
    expect((await add('plain', three)).status).toBe(200)
  })
})

describe('requests of a batch that there is', () => {
  beforeEach(async () => {
    await add('demo', [{ input: { a: base64 } }])
  })

  const granted = () => JSON.parse(sentText()).requests[0].s3Config

  test('are staged in their list, and every answer about the batch is cleaned of them', async () => {
    expect((await append('demo', { n: 1, requests: [{ input: { a: base64 } }] })).status).toBe(200)
    const s3Config = granted()
    const { accessId, accessSecret, endpointUrl, bucketName } = s3Config
    expect(JSON.parse(sentText()).n).toBe(1)
    const output = { file: `${endpointUrl}/${bucketName}/out/x.png`, secret: accessSecret }
    const hex = Buffer.from(accessSecret).toString('hex')
    platform = () => ({
      body: {
        requests: [
          { id: 'req_1', status: 'COMPLETED', output },
          { id: 'req_2', status: 'FAILED', error: `key ${accessId} ${hex}` },
          { id: 'req_3', status: 'IN_QUEUE', input: { a: 1 }, s3Config },
        ],
        total: 3,
        hasMore: false,
      },
    })
    for (const [method, path] of [
      ['GET', '/requests?offset=0&limit=3'],
      ['GET', ''],
      ['PUT', ''],
      ['POST', '/finalize'],
      ['POST', '/cancel'],
      ['DELETE', '/requests/req_9'],
    ] as const) {
      const options = method === 'PUT' ? { body: '{"name":"n"}' } : {}
      const response = await ask(method, `/v2/demo/batch/batch_1${path}`, options)
      const text = await response.text()
      expect(response.status).toBe(200)
      expect(text).not.toContain(accessSecret)
      expect(text).not.toContain(hex)
      expect(text).toContain('*'.repeat(accessSecret.length))
      expect(text).not.toContain('s3Config')
      const [path_, search = ''] = path.split('?')
      const url = `https://upstream.example/v2/demo/batch/batch_1${path_}${search && `?${search}`}`
      expect(asked().at(-1)).toMatchObject({ method, url })
    }
  })

  test('are cleaned of by another instance, and of however many grants', async () => {
    const requests = Array.from({ length: 230 }, () => ({ input: { a: 'aGVs' }, webhook: '' }))
    await append('demo', { requests })
    const sent = JSON.parse(sentText()).requests
    const tokens = sent.map(({ webhook }: { webhook: string }) => webhook.split('/').at(-1))
    gateway = { ...gateway, deps: gateway.another() }
    platform = () => ({ body: { requests: tokens.map((error: string) => ({ id: 'r', error })) } })
    const response = await ask('GET', '/v2/demo/batch/batch_1/requests')
    const text = await response.text()
    expect(tokens.filter((token: string) => text.includes(token))).toEqual([])
    expect(tokens).toHaveLength(230)
  })

  test('are cleaned of however many calls have added them, a hundred grants at a time', async () => {
    const secrets: string[] = []
    for (let call = 0; call < 3; call++) {
      const requests = Array.from({ length: 70 }, () => ({ input: { a: 'aGVs' }, webhook: '' }))
      await append('demo', { requests })
      for (const { webhook } of JSON.parse(sentText()).requests) {
        secrets.push(webhook.split('/').at(-1))
      }
    }
    gateway = { ...gateway, deps: gateway.another() }
    platform = () => ({ body: { requests: secrets.map((error) => ({ id: 'r', error })) } })
    const reads: string[] = []
    gateway.store.before = (line) => {
      if (line.startsWith('get batches/')) reads.push(line)
    }
    const text = await (await ask('GET', '/v2/demo/batch/batch_1/requests')).text()
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
    expect(reads).toHaveLength(keys('batches/').length)
    expect(new Set(reads).size).toBe(reads.length)
  })

  test('lose nothing of a job that is none of theirs, whatever upstream says', async () => {
    platform = () => ({ body: { id: 'job-9', status: 'IN_QUEUE' } })
    await ask('POST', '/v2/demo/run', { body: { input: { a: base64 } } })
    platform = () => ({ body: {} })
    const count = gateway.store.objects.size
    const path = '/v2/demo/batch/batch_1/requests'
    expect((await ask('DELETE', `${path}/job-9`)).status).toBe(200)
    await gateway.idle()
    expect(gateway.store.objects.size).toBe(count)
    expect(await gateway.deps.grants.find('demo', 'job-9')).toBeDefined()

    await append('demo', { requests: [{ input: { a: base64 } }] })
    const token = JSON.parse(sentText()).requests[0].webhook.split('/').at(-1)
    gateway.clock.now += 3_600_000
    const body = JSON.stringify({ id: 'req_1', status: 'IN_PROGRESS' })
    await ask('POST', `/webhooks/${token}`, { body })
    expect(await gateway.deps.grants.find('demo', 'req_1')).toBeDefined()
    expect((await ask('DELETE', `${path}/req_1`)).status).toBe(200)
    await gateway.idle()
    expect(await gateway.deps.grants.find('demo', 'req_1')).toBeUndefined()
  })

  test('are cleaned of by status, though nobody knows which is which, once their ids are told', async () => {
    await append('demo', { requests: [{ input: { a: base64 } }] })
    const { accessSecret } = granted()
    const status = { id: 'req_1', status: 'COMPLETED', output: accessSecret }
    platform = ({ url }) => ({ body: url.includes('/status/') ? status : { requests: [status] } })
    await (await ask('GET', '/v2/demo/batch/batch_1/requests')).text()
    for (const deps of [gateway.deps, gateway.another()]) {
      gateway = { ...gateway, deps }
      for (const method of ['GET', 'POST']) {
        const answered = await ask(method, '/v2/demo/status/req_1')
        expect(await answered.json()).toEqual({
          ...status,
          output: '*'.repeat(accessSecret.length),
        })
      }
    }
    const all = await ask('GET', '/v2/demo/requests')
    expect(await all.text()).not.toContain(accessSecret)
    // A job of no batch, and of an endpoint without any, is not touched.
    const other = await ask('GET', '/v2/demo/status/job-7')
    expect(await other.json()).toEqual(status)
    expect(await (await ask('GET', '/v2/plain/status/req_1')).json()).toEqual(status)
  })

  test('bind by their webhooks, are ended by them and by the listing', async () => {
    await append('demo', { requests: [{ input: { a: base64 } }] })
    const token = JSON.parse(sentText()).requests[0].webhook.split('/').at(-1)
    gateway.clock.now += 3_600_000
    const body = JSON.stringify({ id: 'req_1', status: 'IN_PROGRESS' })
    expect((await ask('POST', `/webhooks/${token}`, { body })).status).toBe(200)
    const grant = await gateway.deps.grants.find('demo', 'req_1')
    expect(grant?.state).toBe('active')
    platform = () => ({ body: { requests: [{ id: 'req_1', status: 'COMPLETED' }] } })
    await ask('GET', '/v2/demo/batch/batch_1/requests')
    expect((await gateway.deps.grants.find('demo', 'req_1'))?.state).toBe('ended')
  })

  test('end all together with their batch', async () => {
    await append('demo', { requests: [{ input: { a: base64 } }, { input: { b: base64 } }] })
    const token = JSON.parse(sentText()).requests[1].webhook.split('/').at(-1)
    const states = async () => {
      const ids = keys('grants/').map((key) => key.split('/').at(-1) ?? '')
      const grants = await Promise.all(
        ids.map((id) => gateway.deps.grants.read(id, { fresh: true })),
      )
      return grants.map((grant) => grant?.state)
    }
    const counts = { requestTotal: 3, requestInProgress: 0, requestFailed: 1 }
    platform = () => ({
      body: { id: 'batch_1', status: 'FINALIZED', ...counts, requestCompleted: 1 },
    })
    await ask('GET', '/v2/demo/batch/batch_1')
    await gateway.idle()
    expect(await states()).toEqual(['active', 'active', 'active'])
    platform = () => ({
      body: { id: 'batch_1', status: 'FINALIZED', ...counts, requestCompleted: 2 },
    })
    const ids = keys('grants/').map((key) => key.split('/').at(-1) ?? '')
    gateway.clock.now += 3_600_000
    const body = JSON.stringify({ id: 'req_2', status: 'COMPLETED' })
    await ask('POST', `/webhooks/${token}`, { body })
    const over = (await gateway.deps.grants.find('demo', 'req_2'))?.grantId
    const reads: string[] = []
    gateway.store.before = (line) => {
      if (line.startsWith('get grants/')) reads.push(line.split('/').at(-1) ?? '')
    }
    await ask('GET', '/v2/demo/batch/batch_1')
    await gateway.idle()
    // What has ended already is known.
    expect(reads).toEqual(expect.arrayContaining(ids.filter((id) => id !== over)))
    expect(reads).not.toContain(over)
    expect(await states()).toEqual(['ended', 'ended', 'ended'])
  })
})

describe('a caller with a key of the gateway', () => {
  beforeEach(async () => {
    const sha256 = async (text: string) => {
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
      return Buffer.from(digest).toString('hex')
    }
    const keys = [
      { name: 'admin', sha256: await sha256(adminKey), endpoints: ['*'], scopes: ['admin'] },
      { name: 'plain', sha256: await sha256(plainKey), endpoints: ['*'] },
    ]
    gateway = build({ auth: { mode: 'keys', keys } })
  })

  test('needs the admin scope for all of it', async () => {
    for (const [method, path] of [
      ['POST', 'batch'],
      ['GET', 'batch'],
      ['GET', 'batch/batch_1'],
      ['PUT', 'batch/batch_1'],
      ['POST', 'batch/batch_1/requests'],
      ['GET', 'batch/batch_1/requests'],
      ['DELETE', 'batch/batch_1/requests/req_1'],
      ['POST', 'batch/batch_1/finalize'],
      ['POST', 'batch/batch_1/cancel'],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: '[]' }
      const refused = await ask(method, `/v2/plain/${path}`, { key: plainKey, ...body })
      expect(refused.status, path).toBe(403)
      const taken = await ask(method, `/v2/plain/${path}`, { key: adminKey, ...body })
      expect(taken.status, path).toBe(200)
    }
  })

  test('sees nothing of the key that goes upstream', async () => {
    platform = ({ headers }) => ({ body: { id: 'batch_1', name: headers.get('authorization') } })
    for (const endpoint of ['plain', 'demo']) {
      const body = [{ input: { a: base64 } }]
      const response = await ask('POST', `/v2/${endpoint}/batch`, { key: adminKey, body })
      expect(await response.json()).toEqual({ id: 'batch_1', name: 'Bearer **********' })
      const list = await ask('GET', `/v2/${endpoint}/batch`, { key: adminKey })
      expect(await list.text()).not.toContain('any-secret')
    }
  })

  test('has no other route there, and no slippery one', async () => {
    for (const [method, path] of [
      ['DELETE', 'batch/batch_1'],
      ['POST', 'batch/batch_1'],
      ['GET', 'batch/batch_1/other'],
      ['GET', 'batch/..%2fhealth'],
      ['GET', 'BATCH/batch_1'],
    ] as const) {
      expect((await ask(method, `/v2/plain/${path}`, { key: adminKey })).status, path).toBe(404)
    }
    expect(asked()).toEqual([])
  })
})
