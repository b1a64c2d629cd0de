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

  test('goes on with its audio as links that vLLM fetches', async () => {
    const part = { type: 'input_audio', input_audio: { data: picture.toString('base64') } }
    const small = { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } }
    const prompt = { messages: [{ role: 'user', content: [small, { ...part, uuid: 'u' }] }] }
    await post('eager', JSON.stringify(prompt))
    const sent = JSON.parse(sentText())
    const [, { audio_url }] = sent.messages[0].content
    expect(audio_url.url).toMatch(linkForm)
    expect(sent.messages[0].content).toEqual([
      small,
      { type: 'audio_url', audio_url: { url: audio_url.url }, uuid: 'u' },
    ])
    expect(await served(audio_url.url)).toBe(picture.toString())

    const broken = JSON.stringify(prompt).replace('cGljd', 'cG!jd')
    expect(broken).not.toBe(JSON.stringify(prompt))
    await post('eager', broken)
    expect(sentText()).toBe(broken)
  })

  test('goes on with a file of a response as a link by its name', async () => {
    const file = { type: 'input_file', filename: 'a.pdf' }
    const document = (more: object) => ({
      model: 'm',
      input: [{ role: 'user', content: [{ ...file, ...more }] }],
    })
    await post('eager', JSON.stringify(document({ file_data: dataUri })))
    const { file_url } = JSON.parse(sentText()).input[0].content[0]
    expect(file_url).toMatch(linkForm)
    expect(JSON.parse(sentText())).toEqual(document({ file_url }))
  })

  test('goes on with frames side by side as they are', async () => {
    const frames = JSON.stringify(chatOf(`data:video/jpeg;base64,${dataUri.split(',')[1]},QUJD`))
    await post('eager', frames)
    expect(sentText()).toBe(frames)
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

describe('with keys of the gateway', () => {
  const secret = `bw_${'a'.repeat(43)}`

  beforeEach(() => {
    gateway = fakeGateway({
      endpoints: {
        '*': {
          upstream: 'https://upstream.example/v2',
          store: 'main',
          upstreamKey: { env: 'UPSTREAM' },
        },
        demo: { as: 'key' },
        eager: { as: 'key', stage: 'always' },
      },
      auth: {
        mode: 'keys',
        keys: [
          {
            name: 'alice',
            sha256: createHash('sha256').update(secret).digest('hex'),
            endpoints: ['*'],
          },
        ],
      },
    })
  })
  const keyed = (body: string, at = path, headers: Record<string, string> = json) => {
    const authorization = `Bearer ${secret}`
    return submitOpenai(gateway.deps, callOf('eager', body, { ...headers, authorization }), at)
  }

  test('only what cannot show what is others’ is asked', async () => {
    gateway.upstream = () => answer(200, '{}', json)
    await keyed('{}')
    await keyed('--x', 'openai/v1/audio/transcriptions', { 'content-type': 'multipart/form-data' })
    for (const at of ['openai/v1/files', 'openai/v1/responses/resp_1']) {
      await expect(keyed('{}', at)).rejects.toMatchObject({ code: 'not_found' })
    }
    expect(gateway.sent.map(({ url }) => url.split('/openai/')[1])).toEqual([
      'v1/chat/completions',
      'v1/audio/transcriptions',
    ])
  })

  test.each(['application/json', 'text/event-stream', 'text/plain'])(
    'an answer of %s comes without the gateway’s own key, though nothing was staged',
    async (type) => {
      const key = gateway.deps.config.endpoint('eager')?.upstreamKey?.reveal() ?? ''
      const text = (shown: string) => `{"error":"no such key ${shown}", "n":-0}`
      const head = { 'content-type': type, 'x-request-id': key }
      gateway.upstream = () => answer(401, text(key), head)
      const reply = await keyed('{"model":"m"}')
      expect(reply.status).toBe(401)
      expect(reply.headers.get('x-request-id')).toBe('*'.repeat(key.length))
      expect(await readReply(reply)).toBe(text('*'.repeat(key.length)))
      expect(gateway.logged).toContainEqual(
        expect.objectContaining({ event: 'secret_removed', kind: 'upstream key', form: 'raw' }),
      )
    },
  )

  test('a response never goes on where a stored one has ended', async () => {
    const at = 'openai/v1/responses'
    gateway.upstream = () => answer(200, '{}', json)
    for (const body of [
      '{"previous_response_id":"resp_1"}',
      '{"previous_response_id":null,"previous\\u005fresponse_id":"resp_1"}',
      JSON.stringify({ conversation: { id: 'conv_1' }, input: dataUri }),
      '{"input":"hi","prompt":{"id":"pmpt_1","variables":{}}}',
    ]) {
      await expect(keyed(body, at)).rejects.toMatchObject({
        code: 'invalid_request',
        facts: { pointer: expect.stringMatching(/^\/(previous_response_id|conversation|prompt)$/) },
      })
    }
    for (const headers of [
      { 'content-type': 'text/plain' },
      { ...json, 'content-encoding': 'br' },
    ]) {
      await expect(keyed('{}', at, headers)).rejects.toMatchObject({
        code: 'unsupported_media_type',
      })
    }
    expect(gateway.sent).toEqual([])
    expect([...gateway.store.objects.keys()]).toEqual([])
    const free = '{ "input":{"conversation":"c"},"previous_response_id":null,"prompt":null}'
    await keyed(free, at)
    expect(sentText()).toBe(free)
  })

  test('files are staged for their owner', async () => {
    gateway.upstream = () => answer(200, '{}', json)
    await keyed(JSON.stringify(chatOf(dataUri)))
    const { url } = JSON.parse(sentText()).messages[0].content[0].image_url
    expect(await served(url)).toBe(picture.toString())
  })
})
