import { GetObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { json } from './call.ts'
import { smallLimit } from './config.ts'
import { useStack } from './harness.ts'
import { base64Of, bytesOf, multipartBytes, sha256 } from './payload.ts'
import type { TakenJob } from './platform-view.ts'

const stack = useStack({ worker: 'none' })
const size = 300_000

async function fetched(job: TakenJob, key: unknown): Promise<Buffer> {
  if (job.s3Config === undefined || typeof key !== 'string') throw new TypeError('Nothing to fetch')
  const client = workerClient(job.s3Config)
  const { Body } = await client.send(
    new GetObjectCommand({ Bucket: job.s3Config.bucketName, Key: key }),
  )
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

// What the platform was really sent last, byte for byte.
function residue(): string {
  const sent = stack.upstream.log.filter(
    ({ method, path }) => method === 'POST' && /\/run/.test(path),
  )
  return sent.at(-1)?.kept?.body.toString() ?? ''
}

describe('What is staged', () => {
  test('Base64 with padding arrives byte for byte', async () => {
    for (const length of [size, size + 1, size + 2]) {
      const id = await stack.submitted('always', { input: { file: base64Of(length) } })
      const job = await stack.platform.job(id)
      expect(sha256(await fetched(job, job.input['file']))).toBe(sha256(bytesOf(length)))
    }
  })

  test('Base64url without padding arrives byte for byte', async () => {
    const file = bytesOf(size + 1, 2)
    const id = await stack.submitted('always', { input: { file: file.toString('base64url') } })
    const job = await stack.platform.job(id)

    expect((await fetched(job, job.input['file'])).equals(file)).toBe(true)
  })

  test('A data URI is decoded, and its media type names the file', async () => {
    const file = bytesOf(size, 3)
    const id = await stack.submitted('always', {
      input: { image: `data:image/png;base64,${file.toString('base64')}` },
    })
    const job = await stack.platform.job(id)

    expect(job.input['image']).toBe('in/0-image.png')
    expect((await fetched(job, job.input['image'])).equals(file)).toBe(true)
  })

  test('Slashes may be escaped in any way', async () => {
    const file = bytesOf(size, 4)
    const text = JSON.stringify(file.toString('base64'))
    let i = 0
    const spellings = ['\\/', '\\u002f', '\\u002F', '/']
    const escaped = text.replaceAll('/', () => spellings[i++ % 4] ?? '/')
    const id = await stack.submitted('always', `{"input":{"file":${escaped}}}`)
    const job = await stack.platform.job(id)

    expect((await fetched(job, job.input['file'])).equals(file)).toBe(true)
  })

  test('A payload of several parts arrives byte for byte, also in a chunked body', async () => {
    const file = bytesOf(multipartBytes, 5)
    const body = JSON.stringify({ input: { file: file.toString('base64') } })
    const id = await stack.submitted('hand', body, { chunked: true })
    const job = await stack.platform.job(id)

    expect(sha256(await fetched(job, job.input['file']))).toBe(sha256(file))
    expect(stack.store.openUploads()).toEqual([])
  })

  test('Several payloads of one request get names of their own', async () => {
    const [one, two] = [bytesOf(size, 6), bytesOf(size, 7)]
    const id = await stack.submitted('always', {
      input: { images: [{ image: one.toString('base64') }, { image: two.toString('base64') }] },
    })
    const job = await stack.platform.job(id)
    const { images } = job.input
    if (!Array.isArray(images)) throw new TypeError('No images')
    const keys = images.map(({ image }) => image)

    expect(new Set(keys).size).toBe(2)
    expect((await fetched(job, keys[0])).equals(one)).toBe(true)
    expect((await fetched(job, keys[1])).equals(two)).toBe(true)
  })

  test('The same key twice with two payloads: both are staged, the worker sees the last', async () => {
    const [one, two] = [bytesOf(size, 9), bytesOf(size, 10)]
    const id = await stack.submitted(
      'always',
      `{"input":{"file":"${one.toString('base64')}","file":"${two.toString('base64')}"}}`,
    )
    const job = await stack.platform.job(id)

    expect(residue()).toContain('"input":{"file":"in/0-file.bin","file":"in/1-file.bin"}')
    expect((await fetched(job, job.input['file'])).equals(two)).toBe(true)
  })

  test('A short string and one that is no base64 stay where they are', async () => {
    const input = {
      short: base64Of(300),
      text: 'one two three. '.repeat(10_000),
      file: base64Of(size),
    }
    const id = await stack.submitted('always', { input })
    const job = await stack.platform.job(id)

    expect(job.input).toMatchObject({ short: input.short, text: input.text })
    expect(job.input['file']).toMatch(/^in\//)
  })

  test('A link takes the place of the payload where the endpoint says url', async () => {
    const file = bytesOf(size, 8)
    const id = await stack.submitted('link', {
      input: { image: `data:image/png;base64,${file.toString('base64')}` },
    })
    const job = await stack.platform.job(id)
    const { image: url } = job.input

    expect(url).toMatch(/^https?:.*\.png/)
    expect(job.s3Config).toBeUndefined()
    const response = await fetch(`${url}`)
    expect(response.status).toBe(200)
    expect(Buffer.from(await response.arrayBuffer()).equals(file)).toBe(true)
    expect((await fetch(`${url}`, { method: 'HEAD' })).status).toBe(200)
  })
})

describe('When it is staged', () => {
  test('over-limit leaves a body alone that the upstream takes', async () => {
    const body = JSON.stringify({ input: { file: base64Of(size) } })
    expect(body.length).toBeLessThan(smallLimit)
    await stack.submitted('hand', body)

    expect(residue()).toBe(body)
  })

  test('over-limit stages every payload of a body that the upstream refuses', async () => {
    const id = await stack.submitted('hand', {
      input: { big: base64Of(smallLimit), small: base64Of(size) },
    })
    const { input } = await stack.platform.job(id)

    expect(input['big']).toMatch(/^in\/0-big/)
    expect(input['small']).toMatch(/^in\/1-small/)
  })

  test('always stages in a body of any size', async () => {
    const id = await stack.submitted('always', { input: { file: base64Of(size) } })

    expect((await stack.platform.job(id)).input['file']).toMatch(/^in\//)
  })

  test('runsync stages as run does', async () => {
    const body = JSON.stringify({ input: { file: base64Of(size) } })
    const answer = await stack.call('POST', '/v2/always/runsync?wait=1000', { body })
    expect(answer.status).toBe(200)
    const { id } = json(answer)

    expect((await stack.platform.job(`${id}`)).input['file']).toMatch(/^in\//)
  })

  test('A body that stays too large once staged is a 413 that names limit and size', async () => {
    const answer = await stack.submit('hand', {
      input: { text: 'not base64! '.repeat(200_000), file: base64Of(size) },
    })

    expect(answer.status).toBe(413)
    expect(json(answer)).toMatchObject({ code: 'body_too_large', limit: smallLimit })
    await expect.poll(() => stack.store.openUploads()).toEqual([])
  })
})

describe('Rules', () => {
  test('A rule can forbid staging', async () => {
    const never = base64Of(size)
    const id = await stack.submitted('ruled', { input: { never, file: base64Of(size, 2) } })
    const { input } = await stack.platform.job(id)

    expect(input['never']).toBe(never)
    expect(input['file']).toMatch(/^in\//)
  })

  test('A rule can stage a value of any size and name its media type', async () => {
    const id = await stack.submitted('ruled', {
      input: { images: [{ image: Buffer.from('tiny').toString('base64') }] },
    })
    const job = await stack.platform.job(id)
    const { images } = job.input
    if (!Array.isArray(images)) throw new TypeError('No images')

    expect((await fetched(job, images[0].image)).toString()).toBe('tiny')
  })

  test('A rule can stage text as its own UTF-8, escapes resolved', async () => {
    const text = 'größer ☃ \u{1F600} "quoted" \\ /\n'.repeat(20)
    const id = await stack.submitted('ruled', { input: { text } })
    const job = await stack.platform.job(id)

    expect((await fetched(job, job.input['text'])).toString()).toBe(text)
  })

  test('A rule can give a link where the endpoint gives keys', async () => {
    const id = await stack.submitted('ruled', {
      input: { linked: base64Of(size), file: base64Of(size, 2) },
    })
    const { input } = await stack.platform.job(id)

    expect(input['linked']).toMatch(/^https?:/)
    expect(input['file']).toMatch(/^in\//)
  })
})

describe('What is not staged', () => {
  test('survives byte for byte: order, white space, escapes, big integers, -0, duplicate keys', async () => {
    const head =
      '{ "webhookV2" :\t"x\\u0041\\/" ,\n "input":\r\n{"n":12345678901234567890123,"z":-0,"e":1E+2,'
    const tail =
      ',"twice":1,"twice":2,"\\u0066ile2":"\\ud83d\\ude00"} , "policy" : {"ttl":86400000 } }\n'
    await stack.submitted('always', `${head}"file":"${base64Of(size)}"${tail}`)
    const sent = residue()
    const file = /"file":"(in\/[^"]+)"/.exec(sent)?.[1]

    expect(file).toBeDefined()
    // What the gateway adds stands at the very start; the rest is as it was.
    const added = /^\{"s3Config":\{[^}]*\},"webhook":"[^"]*",/.exec(sent)?.[0] ?? ''
    expect(`{${sent.slice(added.length)}`).toBe(`${head}"file":"${file}"${tail}`)
  })

  test('A small body without anything for the gateway goes on as it came', async () => {
    const body = ' {"input" : {"a":1.0,"a":-0, "b":"\\u0041"}}\n'
    await stack.submitted('hand', body)

    expect(residue()).toBe(body)
  })
})

test('After the sweep nothing of it is left', async () => {
  await stack.expectNothingLeft()
})
