import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import type { Call } from '../../src/flows/deps.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

type Entry = readonly [name: string, content: string, file?: string]

const formType = { 'content-type': 'multipart/form-data; boundary="b b"' }

function formOf(entries: readonly Entry[], headers: Record<string, string> = {}): Call {
  const lines = entries.map(([name, content, file]) => {
    const filename = file === undefined ? '' : `; filename="${file}"\r\nContent-Type: image/png`
    return `--b b\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n\r\n${content}\r\n`
  })
  return callOf('demo', `${lines.join('')}--b b--`, { ...formType, ...headers })
}

const rawOf = (text: string | undefined, headers: Record<string, string> = {}, search = '') => ({
  ...callOf('demo', text, { 'content-type': 'image/png', ...headers }),
  search,
})

const jsonOf = (text: string, headers: Record<string, string> = {}) =>
  callOf('demo', text, { 'content-type': 'application/json', ...headers })

/** What went upstream as a job. */
function submitted() {
  const jobs = gateway.sent.filter(({ url }) => !url.endsWith('/health'))
  expect(jobs).toHaveLength(1)
  const [job] = jobs
  return {
    url: job?.url,
    headers: job?.headers,
    request: JSON.parse(String(Buffer.from(job?.body ?? []))),
  }
}

function stagedFiles(): [string, string][] {
  return [...gateway.store.objects]
    .filter(([key]) => key.includes('/in/'))
    .map(([key, { bytes }]) => [key.slice(key.indexOf('/in/') + 1), String(Buffer.from(bytes))])
}

async function codeOf(call: Call): Promise<string> {
  try {
    await submitJob(gateway.deps, call, 'run')
    return 'submitted'
  } catch (error) {
    await gateway.idle()
    expect(gateway.sent.filter(({ url }) => !url.endsWith('/health'))).toEqual([])
    expect([...gateway.store.objects.keys()].filter((key) => key.includes('/in/'))).toEqual([])
    expect(gateway.store.open.size).toBe(0)
    return error instanceof GatewayError ? error.code : String(error)
  }
}

describe('a form', () => {
  test('is submitted as JSON, its files staged', async () => {
    const text = 'x'.repeat(200)
    const body = formOf([
      ['image', text, 'a.png'],
      ['input', '{"prompt":"p","n":12345678901234567890}'],
      ['images.0.image', 'y', 'b.png'],
      ['policy', '{"ttl":60000}'],
    ])
    const reply = await submitJob(gateway.deps, body, 'run')
    expect(reply.status).toBe(200)
    const { headers, request } = submitted()
    expect(headers?.get('content-type')).toBe('application/json')
    expect(request.input).toEqual({
      prompt: 'p',
      n: 12345678901234567000,
      image: 'in/0-image.png',
      images: [{ image: 'in/1-image.png' }],
    })
    expect(request.policy).toEqual({ ttl: 60000 })
    expect(request.s3Config.bucketName).toBeTypeOf('string')
    expect(stagedFiles()).toEqual([
      ['in/0-image.png', text],
      ['in/1-image.png', 'y'],
    ])
  })

  test('without files is submitted as JSON too', async () => {
    await submitJob(gateway.deps, formOf([['prompt', 'hello']]), 'runsync')
    expect(submitted().request.input).toEqual({ prompt: 'hello' })
  })

  test.each<[string, Call, string]>([
    ['not well-formed', callOf('demo', 'x', formType), 'invalid_form'],
    [
      'without a boundary',
      callOf('demo', 'x', { 'content-type': 'multipart/form-data' }),
      'invalid_form',
    ],
    ['empty', callOf('demo', undefined, formType), 'invalid_form'],
    [
      'in conflict',
      formOf([
        ['a', 'x', 'f'],
        ['input', '{"a":1}'],
      ]),
      'invalid_form',
    ],
    [
      'with a ref of nobody',
      formOf([
        ['a', 'x', 'f'],
        ['b', `bulkway:${'a'.repeat(26)}`],
      ]),
      'upload_not_found',
    ],
    [
      'with a file that is none',
      formOf([
        ['a', 'x', 'f'],
        ['b', 'bulkway:form/7'],
      ]),
      'upload_not_found',
    ],
    [
      'with a webhook that is refused',
      formOf([
        ['a', 'x', 'f'],
        ['webhook', 'ftp://x'],
      ]),
      'webhook_refused',
    ],
    ['compressed', formOf([['a', 'x', 'f']], { 'content-encoding': 'gzip' }), 'content_encoding'],
    [
      'where nothing is staged',
      { ...formOf([['a', 'x', 'f']]), endpointId: 'plain' },
      'unsupported_media_type',
    ],
  ])('that is %s is refused, and nothing stays', async (_, call, code) => {
    expect(await codeOf(call)).toBe(code)
  })

  test('with too much text is told the limit of its operation', async () => {
    const call = formOf([
      ['a', 'x', 'f'],
      ['prompt', 'x'.repeat(11 * 2 ** 20)],
    ])
    const failing = submitJob(gateway.deps, call, 'run')
    await expect(failing).rejects.toMatchObject({
      code: 'body_too_large',
      facts: { limitName: 'runMaxBytes' },
    })
    expect(stagedFiles()).toEqual([])
  })
})

describe('a raw body', () => {
  test('is submitted as the file that it is', async () => {
    const search = `?filename=a%20b.png&webhookless=1&input=${encodeURIComponent('{"n":1}')}`
    await submitJob(gateway.deps, rawOf('content', {}, search), 'run')
    const { url, headers, request } = submitted()
    expect(request.input).toEqual({
      n: 1,
      file: 'in/0-file.png',
      filename: 'a b.png',
      contentType: 'image/png',
    })
    expect(headers?.get('content-type')).toBe('application/json')
    expect(url).toMatch(/\/run\?webhookless=1$/)
    expect(stagedFiles()).toEqual([['in/0-file.png', 'content']])
  })

  test.each<[string, Call, string]>([
    ['is empty', rawOf(''), 'invalid_request'],
    ['is not there', rawOf(undefined), 'invalid_request'],
    ['has bad input', rawOf('x', { 'bulkway-input': '[]' }), 'invalid_request'],
    ['announces too much', { ...rawOf('x'), contentLength: 1e14 }, 'body_too_large'],
  ])('that %s is refused, and nothing stays', async (_, call, code) => {
    expect(await codeOf(call)).toBe(code)
  })
})

describe('announced digests', () => {
  const sha256 = (text: string) => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`
  const large = `{"input":{"image":"${Buffer.alloc(60_000).toString('base64')}"}}`
  const textOf = async (call: Call) => {
    const chunk = await call.body?.read()
    return String(Buffer.from(chunk ?? []))
  }
  const calls: [string, (headers: Record<string, string>) => Call][] = [
    ['small JSON', (headers) => jsonOf('{"input":{}}', headers)],
    [
      'JSON that is passed on',
      (headers) => ({ ...jsonOf('{"input":{}}', headers), endpointId: 'plain' }),
    ],
    ['JSON that is staged', (headers) => ({ ...jsonOf(large, headers), contentLength: undefined })],
    [
      'a form',
      (headers) =>
        formOf(
          [
            ['a', 'x'.repeat(100), 'f'],
            ['b', 'y'],
          ],
          headers,
        ),
    ],
    ['a raw body', (headers) => rawOf('content', headers)],
  ]

  test.each(calls)('of %s are checked', async (_, make) => {
    const text = await textOf(make({}))
    expect(await codeOf(make({ 'content-digest': sha256(`${text} `) }))).toBe('digest_mismatch')
    expect(await codeOf(make({ 'repr-digest': sha256('') }))).toBe('digest_mismatch')
    expect(await codeOf(make({ 'content-digest': 'sha-256=x' }))).toBe('invalid_request')
    expect(await codeOf(make({ 'content-digest': `${sha256(text)}, md5=:AA==:` }))).toBe(
      'submitted',
    )
  })
})

describe('a request for the plan', () => {
  const prefer = { prefer: 'wait=1, return=plan' }

  async function planOf(call: Call) {
    const reply = await submitJob(gateway.deps, call, 'run')
    await gateway.idle()
    expect(reply.status).toBe(200)
    expect(reply.headers.get('preference-applied')).toBe('return=plan')
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(gateway.sent.filter(({ url }) => !url.endsWith('/health'))).toEqual([])
    expect(gateway.store.objects.size + gateway.store.open.size).toBe(0)
    return JSON.parse(String(Buffer.from(reply.body as Uint8Array)))
  }

  test('of a form is told what would be staged, and nothing is', async () => {
    const plan = await planOf(
      formOf(
        [
          ['image', 'x'.repeat(200), 'a.png'],
          ['b', 'text'],
        ],
        prefer,
      ),
    )
    expect(plan).toEqual({
      untouched: false,
      staged: [
        {
          pointer: '/input/image',
          bytes: 200,
          mediaType: 'image/png',
          as: 'key',
          store: 'main',
          path: 'in/0-image.png',
          because: 'file',
        },
      ],
      uploads: [],
      left: {
        bytes: '{"input":{"image":"in/0-image.png","b":"text"}}'.length,
        limit: 10 * 2 ** 20,
      },
      access: { kind: 'job-bucket', s3Config: true },
    })
  })

  test('of JSON too', async () => {
    const content = Buffer.alloc(60_000, 1)
    const text = JSON.stringify({ input: { data: content.toString('base64') } })
    const plan = await planOf({ ...jsonOf(text, prefer), contentLength: undefined })
    expect(plan.staged).toMatchObject([
      { pointer: '/input/data', bytes: 60_000, path: 'in/0-data.bin', because: 'over-limit' },
    ])
  })

  test.each([
    ['stage-always', { stage: 'always' }],
    ['rule', { stage: 'always', rules: [{ pointer: '/input/data', stage: true }] }],
  ])('says why: %s', async (because, settings) => {
    const common = { upstream: 'https://upstream.example/v2', store: 'main', as: 'key' }
    gateway = fakeGateway({ endpoints: { '*': { ...common, ...settings } } })
    const data = Buffer.alloc(60_000, 1).toString('base64')
    const plan = await planOf(jsonOf(JSON.stringify({ input: { data } }), prefer))
    expect(plan.staged).toMatchObject([{ pointer: '/input/data', because }])
  })

  test('is told first who may not submit', async () => {
    gateway.upstream = () => answer(401)
    for (const text of ['{"input":{}}', '{"input":{},"webhook":"https://hook.example/"}']) {
      const call = { ...jsonOf(text, prefer), endpointId: 'plain' }
      expect(await codeOf(call), text).toBe('unauthorized')
    }
  })

  test('of a raw body too', async () => {
    const plan = await planOf(rawOf('content', prefer))
    expect(plan.staged).toMatchObject([{ pointer: '/input/file', bytes: 7 }])
  })

  test('of a body that goes on untouched is told so', async () => {
    const plan = await planOf({ ...jsonOf('{"input":{}}', prefer), endpointId: 'plain' })
    expect(plan).toEqual({
      untouched: true,
      staged: [],
      uploads: [],
      left: { bytes: 12, limit: 10 * 2 ** 20 },
      access: { kind: 'none', s3Config: false },
    })
  })

  test('of a form that becomes nothing but JSON is told that it is rewritten', async () => {
    gateway = fakeGateway({
      endpoints: { '*': { upstream: 'https://upstream.example/v2', store: 'main', as: 'key' } },
    })
    const plan = await planOf(formOf([['prompt', 'text']], prefer))
    expect(plan).toMatchObject({ untouched: false, staged: [], access: { kind: 'none' } })
  })

  test('knows what keys a job of this length is given', async () => {
    const secret = { env: 'ANY' }
    gateway = fakeGateway({
      stores: {
        main: {
          ...{ kind: 's3', endpoint: 'https://ceph.example', region: 'default', bucket: 'bulkway' },
          ...{ accessKeyId: secret, secretAccessKey: secret },
          sts: { roleArn: 'arn:aws:iam:::role/bulkway-job', maxSeconds: 43_200 },
        },
      },
      endpoints: {
        '*': { upstream: 'https://upstream.example/v2', store: 'main' },
        demo: {
          ...{ as: 'key', access: 'sts', s3Config: 'always' },
          s3ConfigFields: { sessionToken: 'token', keyPrefix: 'prefix' },
        },
      },
    })
    const kindFor = async (policy: object) =>
      (await planOf(jsonOf(JSON.stringify({ input: {}, policy }), prefer))).access.kind
    expect(await kindFor({ ttl: 3_600_000 })).toBe('sts')
    expect(await kindFor({ ttl: 86_400_000 })).toBe('job-bucket')
    expect(await kindFor({})).toBe('job-bucket')
  })

  test('is refused for what a job is refused for', async () => {
    expect(await codeOf(jsonOf('{"input":1}', prefer))).toBe('invalid_request')
    expect(await codeOf(formOf([['/x', 'x', 'f']], prefer))).toBe('invalid_form')
    expect(await codeOf(callOf('demo', undefined, prefer))).toBe('invalid_json')
    const webhook = 'http://client.example/'
    expect(await codeOf(jsonOf(JSON.stringify({ input: {}, webhook }), prefer))).toBe(
      'webhook_refused',
    )
    const form: Entry[] = [
      ['image', 'x', 'a.png'],
      ['webhook', webhook],
    ]
    expect(await codeOf(formOf(form, prefer))).toBe('webhook_refused')
    expect(await codeOf(jsonOf('{"input":{},"webhook":1}', prefer))).toBe('invalid_request')
  })

  test('is none where other things are preferred', async () => {
    await submitJob(gateway.deps, jsonOf('{"input":{}}', { prefer: 'return=minimal' }), 'run')
    expect(submitted().request.input).toEqual({})
  })
})
