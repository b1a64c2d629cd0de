import { beforeEach, describe, expect, it, test } from 'vitest'
import { submitJob } from '../../src/flows/submit-job.ts'
import { refOf } from '../../src/uploads/ref.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'
import { uploadOf } from './upload-of.ts'

// In base64, both characters that tell the alphabets apart, and padding.
const bytes = Buffer.concat([Buffer.alloc(75_000, Buffer.from('fbefbeffff', 'hex')), Buffer.of(1)])
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      demo: {
        as: 'original',
        stage: 'always',
        rules: [
          { pointer: '/input/text', encoding: 'text', stage: true },
          { pointer: '/input/key', as: 'key' },
          { pointer: '/input/typed', mediaType: 'audio/wav' },
        ],
      },
    },
  })
})

/** A job of its own each time. */
function withNewJob(): void {
  const body = JSON.stringify({ id: `job-${gateway.sent.length}`, status: 'IN_QUEUE' })
  gateway.upstream = ({ url }) => answer(200, url.endsWith('/health') ? '{}' : body)
}

async function inputsOf(body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  withNewJob()
  await readReply(await submitJob(gateway.deps, callOf('demo', text, headers), 'run'))
  const { input, s3Config } = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  const own = `bulkway-input://${s3Config?.accessId}/`
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, String(value).replace(own, 'own:')]),
  )
}

describe('an endpoint that takes originals', () => {
  test('names each input with what it was', async () => {
    const base64 = bytes.toString('base64')
    const input = {
      plain: base64,
      url: bytes.toString('base64url'),
      uri: `data:image/PNG;name=a.png;base64,${base64}`,
      text: 'some text',
      key: base64,
      typed: base64,
      small: 'aGk=',
    }
    expect(await inputsOf({ input })).toEqual({
      plain: `own:in/0-plain.bin?as=base64&type=application%2Foctet-stream&bytes=${bytes.length}`,
      url: `own:in/1-url.bin?as=base64url&type=application%2Foctet-stream&bytes=${bytes.length}`,
      uri: `own:in/2-uri.png?as=data-uri&type=image%2Fpng%3Bname%3Da.png&bytes=${bytes.length}`,
      text: 'own:in/3-text.bin?as=text&type=application%2Foctet-stream&bytes=9',
      key: 'in/4-key.bin',
      typed: `own:in/5-typed.wav?as=base64&type=audio%2Fwav&bytes=${bytes.length}`,
      small: 'aGk=',
    })
  })

  it.each([
    ['base64', 'A'.repeat(100_000)],
    ['base64', `${'A'.repeat(90_000)}/---`],
    ['base64', `A\\/-${'A'.repeat(99_997)}`],
    ['base64url', `${'A'.repeat(2000)}-${'A'.repeat(97_999)}`],
    ['base64url', `A_/${'A'.repeat(99_997)}`],
  ])('names %s by the beginning of it', async (form, text) => {
    const { a } = await inputsOf(`{"input":{"a":"${text}"},"other":"-_-"}`)
    expect(a).toContain(`as=${form}&`)
  })

  test('names files of a form, and uploads, as base64 or as their rule says', async () => {
    const part = (name: string, text: string) =>
      `--b\r\nContent-Disposition: form-data; name="${name}"; filename="x"\r\nContent-Type: image/png\r\n\r\n${text}\r\n`
    const form = `${part('image', 'abc')}${part('text', 'äb')}--b--`
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    expect(await inputsOf(form, headers)).toEqual({
      image: 'own:in/0-image.png?as=base64&type=image%2Fpng&bytes=3',
      text: 'own:in/1-text.png?as=text&type=image%2Fpng&bytes=3',
    })
    const headersOfCaller = new Headers({ authorization: 'Bearer a-key' })
    const [owner] = await (await gateway.deps.authenticate(headersOfCaller, 'demo')).ids()
    const made = uploadOf({ owner, createdAt: gateway.clock.now })
    await gateway.deps.uploads.create(made)
    await gateway.store.put(made.key, Buffer.from('bytes'))
    const { file } = await inputsOf({ input: { file: refOf(made.uploadId) } })
    const type = encodeURIComponent(made.contentType)
    expect(file).toMatch(/^own:in\/0-[\w.-]+\?as=base64&/)
    expect(file).toContain(`&type=${type}&bytes=${made.size}`)
  })

  test('gives links beside the caller’s own s3Config, which leads elsewhere', async () => {
    const s3Config = { accessId: 'x', accessSecret: 'y', bucketName: 'b', endpointUrl: 'https://s' }
    const { a } = await inputsOf({ input: { a: bytes.toString('base64') }, s3Config })
    expect(a).toMatch(/^https:\/\/gateway\.example\/files\//)
  })

  test('says so in a plan, whose size is that of the request', async () => {
    const body = JSON.stringify({ input: { a: bytes.toString('base64') } })
    const call = callOf('demo', body, { prefer: 'return=plan' })
    const plan = JSON.parse(await readReply(await submitJob(gateway.deps, call, 'run')))
    expect(plan.staged).toMatchObject([{ as: 'original', path: 'in/0-a.bin' }])
    await readReply(await submitJob(gateway.deps, callOf('demo', body), 'run'))
    const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
    expect(plan.left.bytes).toBe(JSON.stringify({ input: sent.input }).length)
  })
})
