import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { onceBody } from '../../../src/bytes/once-body.ts'
import { submitOpenai } from '../../../src/flows/openai/submit-openai.ts'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import type { OutgoingBody } from '../../../src/platform.ts'
import { isJobPrefix } from '../../../src/store/keys.ts'
import { refOf } from '../../../src/uploads/ref.ts'
import type { Upload } from '../../../src/uploads/upload.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'
import { uploadOf } from '../upload-of.ts'

const path = 'openai/v1/chat/completions'
const json = { 'content-type': 'application/json' }
const picture = Buffer.alloc(75_000, 'picture')
const dataUri = `data:image/png;base64,${picture.toString('base64')}`
const linkForm = /^https:\/\/gateway\.example\/files\/[\w-]+\/[\w.-]+$/
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      plain: {},
      demo: { as: 'key' },
      eager: { as: 'key', stage: 'always' },
    },
  })
  gateway.upstream = ({ url }) =>
    answer(200, url.endsWith('/health') ? '{}' : '{"choices":[]}', json)
})

async function upload(changes: Partial<Upload> = {}): Promise<Upload> {
  const headers = new Headers({ authorization: 'Bearer a-key' })
  const [owner] = await (await gateway.deps.authenticate(headers, 'demo')).ids()
  const made = uploadOf({ owner, createdAt: gateway.clock.now, ...changes })
  await gateway.deps.uploads.create(made)
  await gateway.store.put(made.key, Buffer.from(`bytes of ${made.uploadId}`))
  return made
}

const chatOf = (...urls: string[]) => ({
  model: 'm',
  messages: [
    { role: 'user', content: urls.map((url) => ({ type: 'image_url', image_url: { url } })) },
  ],
})

const post = (endpointId: string, body: string, headers: Record<string, string> = json) =>
  submitOpenai(gateway.deps, callOf(endpointId, body, headers), path)

const sentText = () => Buffer.from(gateway.sent.at(-1)?.body ?? []).toString()
const chats = () => gateway.sent.filter(({ url }) => url.endsWith('/completions'))
const grants = () => [...gateway.store.objects.keys()].filter((key) => key.startsWith('grants/'))

async function served(link: string): Promise<string> {
  const sealed = link.split('/').at(-2) ?? ''
  return await readReply(await readFile(gateway.deps, 'GET', sealed, new Headers()))
}

describe('a prompt with refs', () => {
  test.each(['plain', 'demo'])('goes to %s with links in their place', async (endpointId) => {
    const cat = await upload({ endpointId })
    const ref = refOf(cat.uploadId)
    const audio = { input_audio: { data: ref, format: 'wav' }, webhook: ref }
    await post(endpointId, JSON.stringify({ ...chatOf(ref), audio, input: { s3Config: ref } }))
    const sent = JSON.parse(sentText())
    const { url } = sent.messages[0].content[0].image_url
    expect(url).toMatch(linkForm)
    expect(sent).toEqual({
      ...chatOf(url),
      audio: { input_audio: { data: url, format: 'wav' }, webhook: url },
      input: { s3Config: url },
    })
    expect(await served(url)).toBe(`bytes of ${cat.uploadId}`)
  })

  test('is as good as its refs, wherever they are', async () => {
    await expect(post('demo', JSON.stringify(chatOf('bulkway:x')))).rejects.toMatchObject({
      code: 'upload_not_found',
      facts: { pointer: '/messages/0/content/0/image_url/url' },
    })
    const open = await upload({ state: 'open' })
    await expect(post('demo', JSON.stringify([refOf(open.uploadId)]))).rejects.toMatchObject({
      code: 'upload_incomplete',
      facts: { pointer: '/0' },
    })
    expect(chats()).toEqual([])
    expect(grants()).toEqual([])
  })

  test('is answered without its links, chunk by chunk as upstream streams', async () => {
    const cat = await upload()
    const events = new TransformStream<Uint8Array, Uint8Array>()
    const writer = events.writable.getWriter()
    const reader = events.readable.getReader()
    const say = (text: string) => void writer.write(new TextEncoder().encode(text))
    gateway.upstream = ({ url }) => {
      if (url.endsWith('/health')) return answer(200, '{}')
      const read = async () => (await reader.read()).value
      const body = { ...onceBody(new Uint8Array()), read }
      return { status: 200, headers: new Headers({ 'content-type': 'text/event-stream' }), body }
    }
    say('data: {"delta":"one"}\n\n')
    const reply = await post('demo', JSON.stringify(chatOf(refOf(cat.uploadId))))
    expect(reply.headers.get('content-type')).toBe('text/event-stream')
    const body = reply.body as OutgoingBody
    /** Nothing more is said until all of an event has come. */
    async function event(): Promise<string> {
      let seen = ''
      while (!seen.endsWith('\n\n')) seen += Buffer.from((await body.read()) ?? []).toString()
      return seen
    }
    expect(await event()).toBe('data: {"delta":"one"}\n\n')
    const link = JSON.parse(sentText()).messages[0].content[0].image_url.url
    say(`data: {"delta":"see ${link} there"}\n\n`)
    expect(await event()).toMatch(/^data: {"delta":"see .*\*{20,}.* there"}\n\n$/)
    say('data: [DONE]\n\n')
    expect(await event()).toBe('data: [DONE]\n\n')
  })

  test('leaves nothing behind when upstream refuses it, but the uploads', async () => {
    const cat = await upload()
    gateway.upstream = ({ url }) => answer(url.endsWith('/health') ? 200 : 400, '{"error":1}', json)
    const reply = await post('eager', JSON.stringify(chatOf(dataUri)))
    expect(reply.status).toBe(400)
    expect(await readReply(reply)).toBe('{"error":1}')
    await post('demo', JSON.stringify(chatOf(refOf(cat.uploadId))))
    await gateway.idle()
    const left = [...gateway.store.objects.keys()].filter((key) => !key.startsWith('uploads/'))
    expect(left).toEqual([cat.key])
  })

  test('gives links that end, and keys to nothing', async () => {
    const cat = await upload()
    await post('demo', JSON.stringify(chatOf(refOf(cat.uploadId))))
    const { url } = JSON.parse(sentText()).messages[0].content[0].image_url
    const grant = await gateway.deps.grants.read(grants()[0]?.split('/')[2] ?? '')
    expect(grant?.mounts).toEqual([{ path: 'in/0-cat.png', key: cat.key, mode: 'read' }])
    expect(sentText()).not.toMatch(/s3Config|webhook/)
    gateway.clock.now = grant?.readExpiresAt ?? 0
    await expect(served(url)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a prompt with data URIs', () => {
  test('goes on with links, where the endpoint stages', async () => {
    const bare = picture.toString('base64')
    const prompt = { ...chatOf(dataUri, 'https://a.example/x.png'), input_audio: { data: bare } }
    await post('eager', JSON.stringify(prompt))
    const sent = JSON.parse(sentText())
    const { url } = sent.messages[0].content[0].image_url
    expect(url).toMatch(/\/0-url\.png$/)
    expect(sent).toEqual({
      ...chatOf(url, 'https://a.example/x.png'),
      input_audio: { data: bare },
    })
    expect(await served(url)).toBe(picture.toString())
    await gateway.idle()
    const due = [...gateway.store.objects.keys()].filter((key) => key.startsWith('due/'))
    expect(due).toHaveLength(1)
    const grant = await gateway.deps.grants.read(due[0]?.split('/')[2] ?? '')
    expect(grant?.mounts.map(({ key }) => isJobPrefix(key))).toEqual([true])
  })

  test('goes on with links where it would be too large otherwise', async () => {
    const { runsyncMaxBytes } = gateway.deps.config.endpoint('demo') ?? { runsyncMaxBytes: 0 }
    const large = `data:video/mp4;base64,${'QUJD'.repeat(runsyncMaxBytes / 4)}`
    await post('demo', JSON.stringify(chatOf(large)))
    expect(sentText().length).toBeLessThan(1000)
    expect(JSON.parse(sentText()).messages[0].content[0].image_url.url).toMatch(linkForm)
  })
})

describe('goes on as it came', () => {
  test.each([
    ['nothing for us', 'demo', ' {"model" : "m","n":-0, "n":1e400}', json],
    ['an escape that is no ref', 'demo', '{"a":"\\u0062ulk", "b":"a bulkway:x"}', json],
    ['a small data URI', 'eager', JSON.stringify({ a: 'data:image/png;base64,QUJD' }), json],
    ['a large one where nothing is staged', 'plain', JSON.stringify(chatOf(dataUri)), json],
    ['no JSON at all', 'eager', '{"a":', json],
    ['a form', 'eager', '--x bulkway:x', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['what is compressed', 'eager', 'bulkway:x', { ...json, 'content-encoding': 'gzip' }],
  ])('%s', async (_, endpointId, body, headers) => {
    const reply = await post(endpointId, body, headers)
    expect(await readReply(reply)).toBe('{"choices":[]}')
    expect(sentText()).toBe(body)
    expect(grants()).toEqual([])
  })

  test('a body that upstream will refuse for its size', async () => {
    const call = callOf('plain', '{"a":"bulkway:x"}', json)
    await submitOpenai(gateway.deps, { ...call, contentLength: 1e12 }, path)
    expect(sentText()).toBe('{"a":"bulkway:x"}')
  })

  test('nothing in keys mode', async () => {
    const key = { name: 'k', sha256: 'a'.repeat(64), endpoints: ['*'], scopes: [] }
    const principal = { ids: async () => ['n:k'] as const, mode: 'keys' as const, scopes: [] }
    const deps = { ...gateway.deps, authenticate: async () => ({ ...principal, key }) as never }
    await expect(
      submitOpenai(deps, callOf('demo', '{"a":"bulkway:x"}', json), path),
    ).rejects.toMatchObject({ code: 'not_found' })
    expect(gateway.sent).toEqual([])
  })
})

describe('a body whose digest is announced', () => {
  const digest = (text: string) => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`
  const large = JSON.stringify(chatOf(dataUri))
  const bodies: [string, string][] = [
    ['that goes on as it came', '{"model":"m"}'],
    ['that is looked into', '{"a":"\\u0062ulk"}'],
    ['with a file', large],
  ]

  test.each(bodies)('%s goes on where it is right', async (_, body) => {
    for (const name of ['content-digest', 'repr-digest']) {
      await readReply(await post('eager', body, { ...json, [name]: digest(body) }))
    }
    expect(chats()).toHaveLength(2)
  })

  test.each(bodies)('%s is refused where it is not, and leaves nothing', async (_, body) => {
    for (const name of ['content-digest', 'repr-digest']) {
      const headers = { ...json, [name]: digest(`${body} `) }
      await expect(post('eager', body, headers)).rejects.toMatchObject({ code: 'digest_mismatch' })
    }
    await gateway.idle()
    expect(chats()).toEqual([])
    expect([...gateway.store.objects.keys()]).toEqual([])
  })

  test('is refused where the digest is none', async () => {
    const headers = { ...json, 'content-digest': 'sha-256=x' }
    await expect(post('demo', '{}', headers)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
