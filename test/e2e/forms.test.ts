import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { type Answer, json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf, multipartBytes, sha256 } from './payload.ts'
import type { TakenJob } from './platform-view.ts'

const payloadBytes = 45_000_000
const stack = useStack({
  worker: 'none',
  config: (document) => ({ ...document, limits: { idleTimeoutMs: 5_000, payloadBytes } }),
})
const run = promisify(execFile)
const boundary = '2b6e9fd4a1c04f7f8d1c'
const formType = `multipart/form-data; boundary=${boundary}`

afterEach(async () => {
  stack.upstream.clear()
  stack.store.clear()
  await stack.bucket.clear()
})

async function jobOf(answer: Answer): Promise<TakenJob> {
  expect(answer.status, answer.text).toBe(200)
  return await stack.platform.job(String(json(answer)['id']))
}

async function fetched(job: TakenJob, key: unknown): Promise<Buffer> {
  if (job.s3Config === undefined || typeof key !== 'string') throw new TypeError('Nothing to fetch')
  const { Body } = await workerClient(job.s3Config).send(
    new GetObjectCommand({ Bucket: job.s3Config.bucketName, Key: key }),
  )
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

/** What the platform's own `fetch` makes of a form. */
async function encoded(form: FormData): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const response = new Response(form)
  const headers = { 'content-type': response.headers.get('content-type') ?? '' }
  return { body: Buffer.from(await response.arrayBuffer()), headers }
}

function part(parameters: string, type?: string): string {
  const more = type === undefined ? '' : `Content-Type: ${type}\r\n`
  return `--${boundary}\r\nContent-Disposition: form-data; ${parameters}\r\n${more}\r\n`
}

async function expectRefused(answer: Answer, status: number, code: string): Promise<unknown> {
  expect(answer.status, answer.text).toBe(status)
  expect(json(answer)).toMatchObject({ status, code })
  expect(stack.submissions()).toBe(0)
  await stack.expectNoFiles()
  return json(answer)
}

describe('A form', () => {
  test('of a browser or of fetch: files of any size arrive byte for byte', async () => {
    const files = [0, 5_000_000, 40_000_000].map((length) => bytesOf(length, length))
    const form = new FormData()
    form.append('input', new Blob(['{"prompt": "a ☃", "n": 12345678901234567890, "images":[]}']))
    for (const [at, file] of files.entries()) {
      form.append('images[]', new Blob([new Uint8Array(file)]), `a "quoted" 😀 ${at}.bin`)
    }
    form.append('mask', new Blob([new Uint8Array(bytesOf(10))], { type: 'image/png' }), 'm.png')
    form.append('a "quoted" 😀\nname', 'text\r\nwith lines')
    const job = await jobOf(await stack.call('POST', '/v2/hand/run', await encoded(form)))

    expect(job.input).toMatchObject({
      prompt: 'a ☃',
      images: ['in/0-images.bin', 'in/1-images.bin', 'in/2-images.bin'],
      mask: 'in/3-mask.png',
      'a "quoted" 😀\r\nname': 'text\r\nwith lines',
    })
    const sent = stack.upstream.log.findLast(({ path }) => path.endsWith('/run'))
    expect(sent?.kept?.body.toString()).toContain('"n": 12345678901234567890, "images":["in/0-')
    const images = job.input['images']
    for (const [at, file] of files.entries()) {
      const key: unknown = Array.isArray(images) ? images[at] : undefined
      expect(sha256(await fetched(job, key))).toBe(sha256(file))
    }
    expect(stack.store.openUploads()).toEqual([])
  })

  test('of curl', async ({ skip }) => {
    const directory = await mkdtemp(join(tmpdir(), 'bulkway-curl-'))
    try {
      const file = bytesOf(multipartBytes, 7)
      await writeFile(join(directory, 'a b.bin'), file)
      const found = await run('curl', ['--version']).catch(() => undefined)
      if (found === undefined) return skip('there is no curl here')
      const fields = ['video=@a b.bin;type=video/mp4', 'input={"fps":24};type=application/json']
      const { stdout } = await run(
        'curl',
        [
          ...['-sS', `${stack.url}/v2/hand/run`, '-H', 'Authorization: Bearer rpa_test'],
          ...fields.flatMap((field) => ['-F', field]),
        ],
        { cwd: directory },
      )
      const job = await stack.platform.job(JSON.parse(stdout).id)
      expect(job.input).toEqual({ fps: 24, video: 'in/0-video.mp4' })
      expect(sha256(await fetched(job, job.input['video']))).toBe(sha256(file))
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  // Python's requests sends no type where it knows none, and names as UTF-8.
  test('of Python, cut in the middle of its boundaries', async () => {
    const file = bytesOf(200_000, 9)
    const pieces = [
      part('name="input.image"; filename="gr\u00f6\u00dfe.png"'),
      file,
      `\r\n${part('name="webhook"')}${stack.url}/healthz\r\n--${boundary}--\r\n`,
    ]
    const body = Buffer.concat(pieces.map((piece) => Buffer.from(piece)))
    const call = stack.open('POST', '/v2/hand/run', { headers: { 'content-type': formType } })
    const end = body.indexOf(`\r\n--${boundary}`, 200_000)
    let from = 0
    for (const to of [1, 30, end - 1, end + 1, end + 3, end + 12, body.length]) {
      await call.write(body.subarray(from, to))
      await new Promise((resolve) => setTimeout(resolve, 20))
      from = to
    }
    const job = await jobOf(await call.end())
    // Nobody knows these bytes, but the name does.
    expect(job.input).toEqual({ image: 'in/0-image.png' })
    expect((await fetched(job, job.input['image'])).equals(file)).toBe(true)
  })

  test('of 100,000 empty parts is refused at the limit', async () => {
    const body = `${part('name="a"')}\r\n`.repeat(100_000)
    const answer = await stack.call('POST', '/v2/hand/run', {
      body,
      headers: { 'content-type': formType },
    })
    const problem = await expectRefused(answer, 413, 'body_too_large')
    expect(problem).toMatchObject({ limitName: 'limits.formParts', limit: 1000 })
  })

  test('with a part over the limit is refused while it arrives, and nothing stays', async () => {
    const call = stack.open('POST', '/v2/hand/run', {
      headers: { 'content-type': formType, 'transfer-encoding': 'chunked' },
    })
    await call.write(`${part('name="small"; filename="s"')}x\r\n${part('name="a"; filename="f"')}`)
    const megabyte = bytesOf(1_000_000)
    let isAnswered = false
    call.answer
      .catch(() => {})
      .finally(() => {
        isAnswered = true
      })
    for (let count = 0; count < 80 && !isAnswered; count++)
      await call.write(megabyte).catch(() => {})
    const problem = await expectRefused(await call.answer, 413, 'body_too_large')
    call.destroy()
    expect(problem).toMatchObject({ limitName: 'limits.payloadBytes', limit: payloadBytes })
  })

  test.each([
    ['breaks off', `${part('name="a"; filename="f"')}x`, 'invalid_form'],
    [
      'has a file where a value is',
      `${part('name="a"; filename="f"')}x\r\n${part('name="input"')}{"a":1}\r\n--${boundary}--`,
      'invalid_form',
    ],
    [
      'has a ref of nobody',
      `${part('name="a"; filename="f"')}x\r\n${part('name="b"')}bulkway:${'a'.repeat(26)}\r\n--${boundary}--`,
      'upload_not_found',
    ],
  ])('that %s is refused, and nothing stays', async (_, body, code) => {
    const headers = { 'content-type': formType }
    const answer = await stack.call('POST', '/v2/hand/run', { body, headers })
    await expectRefused(answer, code === 'upload_not_found' ? 404 : 400, code)
  })
})

describe('A raw body', () => {
  test('arrives as the file that it is', async () => {
    const file = bytesOf(multipartBytes, 11)
    const path = `/v2/hand/run?filename=${encodeURIComponent('a 😀.mp4')}`
    const answer = await stack.call('POST', path, {
      body: file,
      headers: {
        'content-type': 'video/mp4',
        'bulkway-input': Buffer.from('{"prompt":"größe"}').toString('base64url'),
        'content-digest': `sha-256=:${createHash('sha256').update(file).digest('base64')}:`,
      },
    })
    const job = await jobOf(answer)
    expect(job.input).toEqual({
      prompt: 'größe',
      file: 'in/0-file.mp4',
      filename: 'a 😀.mp4',
      contentType: 'video/mp4',
    })
    expect(sha256(await fetched(job, job.input['file']))).toBe(sha256(file))
  })

  test('of no bytes is refused', async () => {
    const headers = { 'content-type': 'image/png', 'content-length': '0' }
    const answer = await stack.call('POST', '/v2/hand/run', { headers })
    await expectRefused(answer, 400, 'invalid_request')
  })
})

describe('A body that is not what its digest says', () => {
  const image = bytesOf(multipartBytes).toString('base64')

  test.each([
    [
      'a form',
      `${part('name="a"; filename="f"')}${'x'.repeat(7_000_000)}\r\n--${boundary}--`,
      formType,
    ],
    ['a raw body', 'x'.repeat(7_000_000), 'image/png'],
    ['JSON', JSON.stringify({ input: { image } }), 'application/json'],
    ['small JSON', '{"input":{}}', 'application/json'],
  ])('is refused, and nothing stays: %s', async (_, body, type) => {
    for (const [name, algorithm] of [
      ['sha-256', 'sha256'],
      ['sha-512', 'sha512'],
    ] as const) {
      const digest = createHash(algorithm).update('another').digest('base64')
      const headers = { 'content-type': type, 'repr-digest': `${name}=:${digest}:` }
      const answer = await stack.call('POST', '/v2/hand/run', { body, headers })
      await expectRefused(answer, 400, 'digest_mismatch')
    }
    const digest = createHash('sha512').update(body).digest('base64')
    const headers = { 'content-type': type, 'content-digest': `sha-512=:${digest}:` }
    const answer = await stack.call('POST', '/v2/hand/run', { body, headers })
    expect(answer.status, answer.text).toBe(200)
  })
})

test('A request for the plan is told what would be staged, and nothing is', async () => {
  const body = Buffer.concat([
    Buffer.from(part('name="image"; filename="a.png"', 'image/png')),
    bytesOf(multipartBytes),
    Buffer.from(`\r\n--${boundary}--`),
  ])
  const headers = { 'content-type': formType, prefer: 'return=plan' }
  const answer = await stack.call('POST', '/v2/hand/runsync', { body, headers })
  expect(answer.status, answer.text).toBe(200)
  expect(answer.headers['preference-applied']).toBe('return=plan')
  expect(json(answer)).toMatchObject({
    staged: [{ pointer: '/input/image', bytes: multipartBytes, mediaType: 'image/png', as: 'key' }],
  })
  expect(stack.submissions()).toBe(0)
  expect(stack.store.log.filter(({ method }) => method === 'PUT' || method === 'POST')).toEqual([])
  await stack.expectNoFiles()
})

// The edge of Cloudflare answers it itself; what wrangler runs locally has none.
test.runIf(stack.runtime === 'node')(
  'Expect: 100-continue is answered before the body',
  async () => {
    const { hostname, port } = new URL(stack.url)
    const body = 'content of a file'
    const socket = connect(Number(port), hostname)
    let seen = ''
    socket.setEncoding('latin1').on('data', (text) => {
      seen += text
    })
    socket.write(
      [
        ...['POST /v2/hand/run HTTP/1.1', `Host: ${hostname}`, 'Authorization: Bearer rpa_test'],
        ...['Content-Type: image/png', `Content-Length: ${body.length}`, 'Expect: 100-continue'],
        ...['Connection: close', '', ''],
      ].join('\r\n'),
    )
    await expect.poll(() => seen).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write(body)
    await expect.poll(() => seen).toMatch(/100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    socket.destroy()
  },
)
