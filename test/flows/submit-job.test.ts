import { beforeEach, describe, expect, test } from 'vitest'
import type { Call } from '../../src/flows/deps.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { NotSent, type Reply } from '../../src/platform.ts'
import { answer, unavailable } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway, type Sent } from './fake-deps.ts'

const bigMib = 11 * 1024 * 1024
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)
const submitted = (): Sent[] => gateway.sent.filter(({ url }) => /\/run(sync)?$/.test(url))
const folders = () => [...gateway.store.objects.keys()].map((key) => key.split('/')[0])

/** Submits and takes the answer to its end, as a client does. */
async function submit(call: Call, operation: 'run' | 'runsync' = 'run') {
  const reply = await submitJob(gateway.deps, call, operation)
  return { status: reply.status, headers: reply.headers, text: await readReply(reply) }
}

async function readReply({ body }: Reply): Promise<string> {
  if (body === undefined || body instanceof Uint8Array) return text(body)
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(chunk.slice())
  }
  return text(Buffer.concat(chunks))
}

describe('a small body that does not concern the gateway', () => {
  test.each([
    '{"input":{}}',
    ' {\n"input" : {"n":-0, "big":12345678901234567890,"n":1e400,"s":"\\/"}\t}\r\n',
    '{"input":{"text":"\u{1f600}"}}',
    'not json at all',
    '[]',
    '',
  ])('goes on byte for byte: %j', async (body) => {
    expect((await submit(callOf('plain', body))).status).toBe(200)
    expect(submitted()).toHaveLength(1)
    expect(text(submitted()[0]?.body)).toBe(body)
    expect(gateway.store.objects.size).toBe(0)
  })

  test('goes on byte for byte where its bytes are no UTF-8', async () => {
    const bytes = Uint8Array.from([0x7b, 0xff, 0xfe, 0x80, 0x7d])
    const call = { ...callOf('plain', '{}'), body: answer(200, bytes).body, contentLength: 5 }
    await submit(call)
    expect(Buffer.from(submitted()[0]?.body ?? []).equals(bytes)).toBe(true)
  })

  test('is answered with what upstream answered, whatever that was', async () => {
    gateway.upstream = () => answer(429, '<html>slow</html>', { 'retry-after': '7' })
    const reply = await submit(callOf('plain', '{"input":{}}'))
    expect(reply.status).toBe(429)
    expect(reply.text).toBe('<html>slow</html>')
    expect(reply.headers.get('retry-after')).toBe('7')
  })

  test('that was looked into for nothing goes on byte for byte, too', async () => {
    const body = '{ "input" : {"a":"\\u0041 webhook","n":-0} }'
    await submit(callOf('plain', body))
    expect(text(submitted()[0]?.body)).toBe(body)
    expect(gateway.store.objects.size).toBe(0)
  })

  test('is refused when it is longer than its Content-Length could be', async () => {
    const call = { ...callOf('plain', 'x'.repeat(70_000)), contentLength: 10 }
    await expect(submit(call)).rejects.toMatchObject({ code: 'body_length_mismatch' })
    expect(gateway.sent).toEqual([])
  })
})

describe('a webhook', () => {
  const target = 'https://client.example/hook?key=1'
  test.each(['webhook', '\\u0077ebhook', 'web\\u0068ook', 'w\\u0065\\u0062hook'])(
    'spelled "%s" is replaced by a sealed one',
    async (name) => {
      const before = `{ "input":{"n":-0} , "${name}" : `
      const reply = await submit(callOf('plain', `${before}${JSON.stringify(target)}}`))
      const sent = text(submitted()[0]?.body)
      expect(reply.status).toBe(200)
      expect(sent).not.toContain('client.example')
      expect(sent.startsWith(before)).toBe(true)
      expect(JSON.parse(sent).webhook).toMatch(/^https:\/\/gateway\.example\/webhooks\/[\w-]+$/)
      const grant = await gateway.another().grants.find('plain', 'job-1')
      expect(grant?.webhook).toBe(target)
    },
  )

  test('given twice leaves none of the two', async () => {
    const body = `{"webhook":"https://one.example/","input":{},"\\u0077ebhook":"${target}"}`
    await submit(callOf('plain', body))
    expect(text(submitted()[0]?.body)).not.toMatch(/one\.example|client\.example/)
    expect((await gateway.another().grants.find('plain', 'job-1'))?.webhook).toBe(target)
  })

  test.each(['http://client.example/', 'https://127.0.0.1/', 'https://user:pw@client.example/'])(
    'to %s is refused before anything is kept',
    async (webhook) => {
      const body = JSON.stringify({ input: {}, webhook })
      await expect(submit(callOf('plain', body))).rejects.toMatchObject({ code: 'webhook_refused' })
      expect(submitted()).toEqual([])
      expect(gateway.store.objects.size).toBe(0)
    },
  )
})

describe('a body with payloads', () => {
  const content = Buffer.alloc((bigMib / 4) * 3, 'payload bytes')
  const body = `{"input":{"file":"${content.toString('base64')}","n":-0}}`

  test('is staged, rewritten and bound', async () => {
    const reply = await submit(callOf('demo', body))
    expect(reply.text).toBe('{"id":"job-1","status":"IN_QUEUE"}')
    const sent = JSON.parse(text(submitted()[0]?.body))
    expect(sent.input).toEqual({ file: expect.stringMatching(/^in\/0-file\.[a-z0-9]+$/), n: -0 })
    expect(Object.keys(sent.s3Config).sort()).toEqual([
      'accessId',
      'accessSecret',
      'bucketName',
      'endpointUrl',
    ])
    const grant = await gateway.another().grants.find('demo', 'job-1')
    const input = grant?.mounts.find(({ mode }) => mode === 'read')?.key ?? 'none'
    const stored = [...gateway.store.objects].filter(([key]) => key.startsWith(input))
    expect(stored).toHaveLength(1)
    expect(content.equals(stored[0]?.[1].bytes ?? new Uint8Array())).toBe(true)
  })

  test('proves the key before staging, and stages nothing for one that is refused', async () => {
    gateway.upstream = () => answer(401)
    await expect(submit(callOf('demo', body))).rejects.toMatchObject({ code: 'unauthorized' })
    expect(gateway.sent.map(({ url }) => url)).toEqual(['https://upstream.example/v2/demo/health'])
    expect(gateway.store.objects.size).toBe(0)
    expect(gateway.store.open.size).toBe(0)
  })

  test.each([400, 401, 404, 429])(
    'that upstream refuses with %i leaves nothing behind',
    async (status) => {
      gateway.upstream = ({ url }) => answer(url.endsWith('/health') ? 200 : status, '<html>no')
      const reply = await submit(callOf('demo', body))
      expect(reply).toMatchObject({ status, text: '<html>no' })
      expect(gateway.store.objects.size).toBe(0)
    },
  )

  test.each([500, 502])(
    'keeps its grant when upstream answers with %i: it may be a job all the same',
    async (status) => {
      gateway.upstream = ({ url }) => answer(url.endsWith('/health') ? 200 : status, '<html>no')
      const reply = await submit(callOf('demo', body))
      expect(reply).toMatchObject({ status, text: '<html>no' })
      expect(folders()).toContain('grants')
    },
  )

  test('leaves nothing behind when upstream could not be reached', async () => {
    gateway.upstream = ({ url }) =>
      url.endsWith('/health') ? answer(200) : Promise.reject(new NotSent('refused'))
    await expect(submit(callOf('demo', body))).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
    expect(gateway.store.objects.size).toBe(0)
  })

  test('keeps its grant when upstream is gone after it was sent', async () => {
    gateway.upstream = ({ url }) =>
      url.endsWith('/health') ? answer(200) : Promise.reject(new Error('reset'))
    await expect(submit(callOf('demo', body))).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
    expect(folders()).toContain('grants')
  })

  test('is not submitted when the grant cannot be written', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('put grants/')) throw unavailable()
    }
    await expect(submit(callOf('demo', body))).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(submitted()).toEqual([])
    expect(gateway.store.objects.size).toBe(0)
  })

  test('is cancelled upstream, a 503 and gone when the job id cannot be recorded', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('put jobs/')) throw unavailable()
    }
    await expect(submit(callOf('demo', body))).rejects.toMatchObject({
      code: 'job_not_bound',
      facts: { retryAfterSeconds: 5 },
    })
    expect(gateway.sent.at(-1)?.url).toBe('https://upstream.example/v2/demo/cancel/job-1')
    expect(gateway.store.objects.size).toBe(0)
  })

  test('keeps the grant of a job that can be neither recorded nor cancelled', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('put jobs/')) throw unavailable()
    }
    const usual = gateway.upstream
    gateway.upstream = (sent) =>
      sent.url.includes('/cancel/') ? Promise.reject(new Error('reset')) : usual(sent)
    await expect(submit(callOf('demo', body))).rejects.toMatchObject({ code: 'job_not_bound' })
    expect(folders()).toContain('grants')
  })

  test('keeps the grant of a job whose cancelling upstream refuses', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('put jobs/')) throw unavailable()
    }
    const usual = gateway.upstream
    gateway.upstream = (sent) => (sent.url.includes('/cancel/') ? answer(500) : usual(sent))
    await expect(submit(callOf('demo', body))).rejects.toMatchObject({ code: 'job_not_bound' })
    expect(folders()).toContain('grants')
  })

  test('of runsync is over before the client hears of it', async () => {
    gateway.upstream = ({ url }) =>
      answer(200, url.endsWith('/health') ? '{}' : '{"id":"sync-1","status":"COMPLETED"}')
    const huge = `{"input":{"file":"${'QUJD'.repeat(6 * 1024 * 1024)}"}}`
    const reply = await submit(callOf('demo', huge), 'runsync')
    expect(reply.text).toBe('{"id":"sync-1","status":"COMPLETED"}')
    expect((await gateway.another().grants.find('demo', 'sync-1'))?.state).toBe('ended')
    expect(folders()).toContain('due')
  })

  test('is a 400, its payload gone, when there is no input', async () => {
    const call = { ...callOf('demo', '{"inputs":{}}'), contentLength: undefined }
    await expect(submit(call)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(submitted()).toEqual([])
  })
})
