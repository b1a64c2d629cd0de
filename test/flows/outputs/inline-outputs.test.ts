import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it, test } from 'vitest'
import { onceBody } from '../../../src/bytes/once-body.ts'
import { cleanAnswer, cleaning } from '../../../src/flows/clean-answer.ts'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { readJsonFile } from '../../../src/flows/outputs/read-json-file.ts'
import { readJob } from '../../../src/flows/read-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../../src/flows/webhooks/receive-webhook.ts'
import type { Grant } from '../../../src/grants/grant.ts'
import { createGrantId } from '../../../src/grants/grant-id.ts'
import { readAccessId } from '../../../src/grants/scoped-key.ts'
import { Secret } from '../../../src/log.ts'
import { type OutputForm, renderOutputReference } from '../../../src/outputs/output-reference.ts'
import type { Body, IncomingResponse } from '../../../src/platform.ts'
import { cleanText } from '../../../src/scrub/clean.ts'
import { outputPrefix } from '../../../src/store/keys.ts'
import type { StoreRequest } from '../../../src/store/store.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

const utf8 = new TextEncoder()
const asJson = { 'content-type': 'application/json' }
let gateway: FakeGateway
let grant: Grant
let s3Config: Record<string, string>

/** A gateway whose endpoint `demo` has these settings, and a job of it. */
async function open(settings: Record<string, unknown>): Promise<void> {
  const shared = { upstream: 'https://upstream.example/v2', store: 'main' }
  gateway = fakeGateway({ endpoints: { '*': shared, demo: { as: 'key', ...settings } } })
  await readReply(await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'run'))
  s3Config = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString()).s3Config
  const found = await gateway.deps.grants.find('demo', 'job-1')
  if (found === undefined) throw new Error('The job has no grant')
  grant = found
}

async function keep(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? utf8.encode(content) : content
  await gateway.store.put(`${outputPrefix(grant)}${path}`, bytes)
}

function referenceTo(key: string, as: OutputForm, bytes?: number): string {
  const accessId = s3Config['accessId'] ?? ''
  return renderOutputReference({ accessId, key, as, type: 'image/png', bytes })
}

async function status(body: string | IncomingResponse, operation: 'status' | 'stream' = 'status') {
  gateway.upstream = () => (typeof body === 'string' ? answer(200, body, asJson) : body)
  const call = { ...callOf('demo'), method: 'GET' }
  return await readReply(await readJob(gateway.deps, call, operation, 'job-1'))
}

const completed = (output: unknown) => JSON.stringify({ id: 'job-1', output, status: 'COMPLETED' })

const logged = (name: string) =>
  gateway.logged.filter(({ event }) => event === name).map(({ reason }) => reason)

describe('an endpoint that wants its outputs inline', () => {
  beforeEach(() => open({ outputs: 'inline' }))

  test('has the values where the references were, and nothing else changed', async () => {
    const picture = new Uint8Array(randomBytes(200_000))
    const base64 = Buffer.from(picture).toString('base64')
    await keep('out/a b.png', picture)
    await keep('out/t.txt', 'say "hi"\n')
    await keep('out/v.json', ' {"a":[1,NaN]}\n')
    const r = (key: string, as: OutputForm) => JSON.stringify(referenceTo(key, as))
    const text = (of: typeof r) =>
      `{ "delayTime": 1, "id":"job-1","output": {"image": ${of('out/a b.png', 'base64')},\n` +
      `"uri":[${of('out/a b.png', 'data-uri')}, ${of('out/t.txt', 'text')}],` +
      `"json": ${of('out/v.json', 'json')},"see":"x bulkway-output"},"status":"COMPLETED"}\n`
    const values: Record<string, string> = {
      base64: `"${base64}"`,
      'data-uri': `"data:image/png;base64,${base64}"`,
      text: '"say \\"hi\\"\\n"',
      json: ' {"a":[1,NaN]}\n',
    }
    expect(await status(text(r))).toBe(text((_, as) => values[as] ?? ''))
    expect((await gateway.deps.grants.find('demo', 'job-1'))?.state).toBe('ended')
  })

  test('has them in a stream and in what runsync answers too', async () => {
    await keep('out/a', 'abc')
    const stream = JSON.stringify({ stream: [{ output: referenceTo('out/a', 'base64') }] })
    expect(await status(stream, 'stream')).toBe('{"stream":[{"output":"YWJj"}]}')
    gateway.upstream = async ({ body }) => {
      const sent = JSON.parse(Buffer.from(body ?? []).toString())
      const { accessId } = sent.s3Config
      const grantId = readAccessId(accessId)?.grantId ?? ''
      const own = await gateway.deps.grants.read(grantId)
      await gateway.store.put(`${outputPrefix(own ?? grant)}b`, utf8.encode('here'))
      const output = renderOutputReference({
        ...{ accessId, key: 'b', as: 'text', type: 'text/plain', bytes: 4 },
      })
      return answer(200, JSON.stringify({ id: 'job-2', output, status: 'COMPLETED' }), asJson)
    }
    const reply = await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'runsync')
    expect(JSON.parse(await readReply(reply)).output).toBe('here')
  })

  test('has them although upstream escapes slashes and ampersands', async () => {
    await keep('out/a', 'abc')
    const escaped = completed(referenceTo('out/a', 'text', 3))
      .replaceAll('/', '\\/')
      .replaceAll('&', '\\u0026')
    expect(JSON.parse(await status(escaped)).output).toBe('abc')
  })

  test('has links to files that are stored compressed', async () => {
    await keep('out/a', 'abc')
    const own = gateway.store.send.bind(gateway.store)
    gateway.store.send = async (request) => {
      const response = await own(request)
      response.headers.set('content-encoding', 'gzip')
      return response
    }
    const { output } = JSON.parse(await status(completed(referenceTo('out/a', 'text'))))
    expect(output).toMatch(/^https:\/\/gateway\.example\/files\//)
  })

  test('has JSON for a link to JSON', async () => {
    await keep('out/v.json', '{"a":1}')
    const options = await cleaning(gateway.deps, [grant])
    const kept = await cleanText(completed(referenceTo('out/v.json', 'json')), options)
    expect(JSON.parse(kept).output).toMatch(/\?references=links#as=json/)
    expect(JSON.parse(await status(kept)).output).toEqual({ a: 1 })
  })

  test('has secrets removed from a value as from the rest', async () => {
    await keep('out/t', `the key is ${s3Config['accessSecret']}`)
    const { output } = JSON.parse(await status(completed(referenceTo('out/t', 'text'))))
    expect(output).toMatch(/^the key is \*+$/)
  })

  test('has references within JSON files resolved, but not without end', async () => {
    await keep('out/a', 'abc')
    await keep('out/v.json', JSON.stringify([referenceTo('out/a', 'text'), 1]))
    expect(JSON.parse(await status(completed(referenceTo('out/v.json', 'json')))).output).toEqual([
      'abc',
      1,
    ])
    await keep('out/loop.json', JSON.stringify([referenceTo('out/loop.json', 'json')]))
    const loop = await status(completed(referenceTo('out/loop.json', 'json')))
    expect(loop).toMatch(/"output":\[{8}"https:\/\/gateway\.example\/files\/[^"]+"\]{8},/)
    expect(logged('inline_limit')).toHaveLength(1)
  })

  test('has the value for a link of its own that says how it stood', async () => {
    await keep('out/a', 'abc')
    const options = await cleaning(gateway.deps, [grant])
    const kept = await cleanText(completed(referenceTo('out/a', 'base64', 3)), options)
    const { output: link } = JSON.parse(kept)
    expect(link).toMatch(
      /^https:\/\/gateway\.example\/files\/[\w-]+\/a#as=base64&type=image%2Fpng&bytes=3$/,
    )
    const sealed = new URL(link).pathname.split('/')[2] ?? ''
    const file = await readFile(gateway.deps, 'GET', sealed, new Headers())
    expect(await readReply(file)).toBe('abc')
    expect(JSON.parse(await status(kept)).output).toBe('YWJj')
    const plain = link.split('#')[0]
    expect(JSON.parse(await status(completed(plain))).output).toBe(plain)
    gateway.clock.now = grant.readExpiresAt
    expect(JSON.parse(await status(kept)).output).toBe(link)
  })

  test('has links in its webhook, and values in what is kept of it', async () => {
    const body = '{"input":{"b":1},"webhook":"https://client.example/hook"}'
    gateway.upstream = () => answer(200, '{"id":"job-3","status":"IN_QUEUE"}', asJson)
    await readReply(await submitJob(gateway.deps, callOf('demo', body), 'run'))
    const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
    const own = await gateway.deps.grants.find('demo', 'job-3')
    await gateway.store.put(`${outputPrefix(own ?? grant)}a`, utf8.encode('abc'))
    const { accessId } = sent.s3Config
    const reference = { accessId, key: 'a', as: 'base64', type: 'image/png', bytes: 3 } as const
    const output = renderOutputReference(reference)
    const told = JSON.stringify({ id: 'job-3', output, status: 'COMPLETED' })
    gateway.upstream = () => answer(200)
    const sealed = sent.webhook.split('/').at(-1)
    await receiveWebhook(gateway.deps, sealed, answer(200, told).body)
    const relayed = gateway.sent.findLast(({ url }) => url.startsWith('https://client.example'))
    expect(JSON.parse(Buffer.from(relayed?.body ?? []).toString()).output).toMatch(
      /^https:\/\/gateway\.example\/files\/[\w-]+\/a#as=base64&type=image%2Fpng&bytes=3$/,
    )
    await gateway.idle()
    gateway.upstream = () => answer(404)
    const call = { ...callOf('demo'), method: 'GET' }
    const kept = await readJob(gateway.deps, call, 'status', 'job-3')
    expect(JSON.parse(await readReply(kept)).output).toBe('YWJj')
  })

  it.each([
    ['another job', 'bulkway-output://BW1OTHER/out/a?as=text'],
    ['malformed', 'bulkway-output://BW1OTHER/out/a?as=exe'],
  ])('has a reference of %s left as text, and named in the log', async (reason, reference) => {
    await keep('out/a', 'abc')
    expect(await status(completed([reference, reference]))).toBe(completed([reference, reference]))
    expect(new Set(logged('reference_refused'))).toEqual(new Set([reason]))
  })

  test.each(['out/../a', '../in/a', './a', 'out/%2e%2e/a', ''])(
    'has a reference to %j left as text without the id of the key',
    async (key) => {
      const reference = referenceTo('x', 'text').replace('/x?', `/${key}?`)
      const { output } = JSON.parse(await status(completed(reference)))
      const accessId = s3Config['accessId'] ?? ''
      expect(output).toBe(reference.replace(accessId, '*'.repeat(accessId.length)))
      expect(logged('reference_refused').length).toBeGreaterThan(0)
    },
  )

  test('has a reference to a file that is not there left as text', async () => {
    const reference = referenceTo('out/gone', 'text')
    const { output } = JSON.parse(await status(completed(reference)))
    const accessId = s3Config['accessId'] ?? ''
    expect(output).toBe(reference.replace(accessId, '*'.repeat(accessId.length)))
    expect(logged('reference_refused')).toEqual(['missing'])
  })

  test('has no link of another job put in', async () => {
    const [first, body] = [grant, completed(referenceTo('out/a', 'text'))]
    await keep('out/a', 'abc')
    const link = await cleanText(body, await cleaning(gateway.deps, [first]))
    gateway.upstream = () => answer(200, '{"id":"job-9","status":"IN_QUEUE"}', asJson)
    await readReply(await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'run'))
    gateway.upstream = () => answer(200, link, asJson)
    const call = { ...callOf('demo'), method: 'GET' }
    const reply = await readJob(gateway.deps, call, 'status', 'job-9')
    expect(JSON.parse(await readReply(reply)).output).toBe(JSON.parse(link).output)
  })

  describe('whose store fails', () => {
    /** Answers reads of outputs by `reply`, told how many there were before. */
    function failing(reply: (request: StoreRequest, before: number) => Promise<IncomingResponse>) {
      const own = gateway.store.send.bind(gateway.store)
      let reads = 0
      gateway.store.send = (request) =>
        request.method === 'GET' ? reply(request, reads++) : own(request)
    }

    /** The first bytes of a body, then a fault. */
    function breaking(bytes: Uint8Array): Body {
      let isSent = false
      const body = onceBody(bytes)
      return {
        ...body,
        async read() {
          if (isSent) throw new Error('connection reset')
          isSent = true
          return bytes
        },
      }
    }

    test('once is asked again, for what is missing', async () => {
      const asked: unknown[] = []
      const headers = new Headers({ 'content-length': '6', etag: '"e"' })
      failing(async ({ headers: sent }, before) => {
        asked.push(sent)
        if (before === 0) return answer(503)
        if (before === 1) return { status: 200, headers, body: breaking(utf8.encode('abc')) }
        return { status: 206, headers, body: onceBody(utf8.encode('def')) }
      })
      expect(JSON.parse(await status(completed(referenceTo('out/a', 'text')))).output).toBe(
        'abcdef',
      )
      expect(asked).toEqual([{}, {}, { range: 'bytes=3-', 'if-match': '"e"' }])
    })

    test.each([
      ['refuses', async () => answer(403)],
      ['is away', async () => answer(500)],
    ])('and %s gives an error of the gateway, not an answer', async (_, reply) => {
      failing(reply)
      await expect(status(completed(referenceTo('out/a', 'text')))).rejects.toMatchObject({
        code: 'store_unavailable',
      })
    })

    test.each([
      [
        'is shorter than it said',
        async () => ({
          status: 200,
          headers: new Headers({ 'content-length': '600000' }),
          body: onceBody(new Uint8Array(500_000)),
        }),
      ],
      [
        'has changed meanwhile',
        async (_: unknown, before: number) => {
          const headers = new Headers({ 'content-length': '600000', etag: '"e"' })
          if (before > 0) return answer(412)
          return { status: 200, headers, body: breaking(new Uint8Array(500_000)) }
        },
      ],
    ])('or whose file %s breaks the answer off', async (_, reply) => {
      failing(reply)
      gateway.upstream = () => answer(200, completed(referenceTo('out/a', 'base64')), asJson)
      const call = { ...callOf('demo'), method: 'GET' }
      const broken = await readJob(gateway.deps, call, 'status', 'job-1')
      await expect(readReply(broken)).rejects.toMatchObject({ code: 'store_unavailable' })
      expect((await gateway.deps.grants.find('demo', 'job-1'))?.state).toBe('active')
    })

    test('or whose file is no JSON breaks the answer off', async () => {
      await keep('out/v', '1,"status":"FAILED"')
      await expect(status(completed(referenceTo('out/v', 'json')))).rejects.toThrow('no JSON value')
    })
  })

  test('tells file and upstream when the client goes', async () => {
    let isCancelled = false
    await keep('out/a', new Uint8Array(1_000_000))
    const own = gateway.store.send.bind(gateway.store)
    gateway.store.send = async (request) => {
      const response = await own(request)
      const cancel = async () => {
        isCancelled = true
      }
      return request.method === 'GET'
        ? { ...response, body: { ...response.body, cancel } }
        : response
    }
    gateway.upstream = () => answer(200, completed(referenceTo('out/a', 'base64')), asJson)
    const call = { ...callOf('demo'), method: 'GET' }
    const { body } = await readJob(gateway.deps, call, 'status', 'job-1')
    if (body === undefined || body instanceof Uint8Array) throw new Error('The answer is whole')
    await body.read()
    await body.cancel()
    expect(isCancelled).toBe(true)
  })
})

describe('limits of what is put back', () => {
  test('leave links behind them', async () => {
    await open({ outputs: 'inline', inlineMaxBytes: 10 })
    await keep('out/a', 'abcdef')
    const twice = completed([referenceTo('out/a', 'text'), referenceTo('out/a', 'text')])
    expect(JSON.parse(await status(twice)).output).toEqual([
      'abcdef',
      expect.stringMatching(/^https:/),
    ])
    await open({ outputs: 'inline', inlineMaxObjects: 0 })
    await keep('out/a', 'abcdef')
    const once = completed(referenceTo('out/a', 'text'))
    expect(JSON.parse(await status(once)).output).toMatch(/^https:.*#as=text/)
  })
})

describe.each([{ outputs: 'link' }, { s3Config: 'always' }])('an endpoint with %j', (settings) => {
  beforeEach(() => open(settings))

  test('has links where the references were', async () => {
    await keep('out/a b.png', 'abc')
    const body = completed([referenceTo('out/a b.png', 'base64'), 'x'])
    const { output } = JSON.parse(await status(body))
    expect(output).toEqual([
      expect.stringMatching(/^https:\/\/gateway\.example\/files\/[\w-]+\/a%20b\.png$/),
      'x',
    ])
    const sealed = new URL(output[0]).pathname.split('/')[2] ?? ''
    expect(await readReply(await readFile(gateway.deps, 'GET', sealed, new Headers()))).toBe('abc')
  })

  test('has links within a file of JSON too, and no secret', async () => {
    await keep('out/a', 'abc')
    const { accessSecret } = s3Config
    await keep('out/v.json', JSON.stringify([referenceTo('out/a', 'text'), accessSecret]))
    const { output } = JSON.parse(await status(completed(referenceTo('out/v.json', 'json'))))
    expect(output).toMatch(/\/v\.json\?references=links$/)
    const sealed = new URL(output).pathname.split('/')[2] ?? ''
    const reply = await readJsonFile(gateway.deps, 'GET', sealed)
    expect(reply.headers.get('content-disposition')).toContain('v.json')
    const [link, masked] = JSON.parse(await readReply(reply))
    expect(masked).toMatch(/^\*+$/)
    const inner = new URL(link).pathname.split('/')[2] ?? ''
    expect(await readReply(await readFile(gateway.deps, 'GET', inner, new Headers()))).toBe('abc')
    expect(await readReply(await readJsonFile(gateway.deps, 'HEAD', sealed))).toBe('')
    await gateway.store.delete(`${outputPrefix(grant)}out/v.json`)
    const gone = { code: 'not_found' }
    await expect(readJsonFile(gateway.deps, 'GET', sealed)).rejects.toMatchObject(gone)
    await expect(readJsonFile(gateway.deps, 'GET', 'forged')).rejects.toMatchObject(gone)
  })

  test('has what is refused left as text', async () => {
    const forged = 'bulkway-output://BW1OTHER/out/a?as=text'
    expect(await status(completed(forged))).toBe(completed(forged))
    expect(logged('reference_refused')).toEqual(['another job'])
  })
})

describe('a reference by keys of the store itself', () => {
  const day = '2026-11-21'
  const grantId = createGrantId(day)
  const folder = `${day}/${grantId}`
  const native: Grant = {
    ...{ grantId, kid: 'k1', day, endpointId: 'demo', storeId: 'main', owner: 'owner' },
    ...{ state: 'active', createdAt: 0, writeExpiresAt: 4e12, readExpiresAt: 4e12 },
    mounts: [{ path: '', key: `${folder}/out/`, mode: 'read-write' }],
    secrets: [{ kind: 'access id', value: new Secret('ASIAEXAMPLE') }],
    access: 'sts',
  }
  const referenceOf = (key: string) =>
    renderOutputReference({
      ...{ accessId: 'ASIAEXAMPLE', key, as: 'text', type: 'text/plain', bytes: 3 },
    })

  test.each(['inline', 'link'])('names the real key (%s)', async (outputs) => {
    await open({ outputs })
    await gateway.deps.grants.seal(native)
    await gateway.store.put(`${folder}/out/a b`, utf8.encode('abc'))
    await gateway.store.put(`${day}/other/out/a`, utf8.encode('not yours'))
    const keys = [`${folder}/out/a b`, `${day}/other/out/a`, `${folder}/out/../../a`, 'a b']
    const body = JSON.stringify(keys.map(referenceOf))
    const reply = await cleanAnswer(gateway.deps, answer(200, body, asJson), native)
    const [own, ...others] = JSON.parse(await readReply(reply))
    if (outputs === 'inline') expect(own).toBe('abc')
    else {
      const sealed = new URL(own).pathname.split('/')[2] ?? ''
      const file = await readFile(gateway.deps, 'GET', sealed, new Headers())
      expect(await readReply(file)).toBe('abc')
    }
    for (const other of others) expect(other).toMatch(/^bulkway-output:\/\/\*{11}\//)
    expect(logged('reference_refused')).toContain('beyond the job')
  })
})
