import { describe, expect, test } from 'vitest'
import { type Answer, json, observed } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf, largeBytes, sha256 } from './payload.ts'
import { secretsOf } from './platform-view.ts'
import { skippedOnWorkers } from './project.ts'
import { secretsIn } from './secret-forms.ts'

const stack = useStack({ worker: 'sample' })

test('No test is skipped on Workers', () => {
  expect(skippedOnWorkers).toEqual([])
})

describe('The main job', () => {
  test('A large file as base64 reaches the worker as a key, and its digest comes back', async () => {
    const file = bytesOf(largeBytes)
    const client = stack.sdk('demo')
    const started = await client.run(
      { input: { task: 'digest', file: file.toString('base64'), note: 'kept' } },
      600_000,
    )
    expect(started.status).toBe('IN_QUEUE')

    const taken = await stack.platform.job(started.id)
    expect(taken.input).toEqual({
      task: 'digest',
      file: expect.stringMatching(/^in\/0-file(\.[a-z0-9]+)?$/),
      note: 'kept',
    })
    expect(Object.keys(taken.s3Config ?? {}).sort()).toEqual([
      'accessId',
      'accessSecret',
      'bucketName',
      'endpointUrl',
    ])

    const done = await client.statusSync(started.id)
    expect(done).toMatchObject({ id: started.id, status: 'COMPLETED' })
    const text = JSON.stringify(done)
    expect(text).toContain(sha256(file))
    expect(text).toContain(`${file.length}`)
    expect(text).not.toContain('s3Config')
    expect(secretsIn(text, secretsOf(taken))).toEqual([])
  })

  test('Not more than a few parts are under way at once, and every upload is completed', () => {
    const parts = stack.store.log.filter(({ query }) => query.includes('partNumber'))

    expect(parts.length).toBe(Math.ceil(largeBytes / 6_291_456))
    expect(stack.store.openUploads()).toEqual([])
  })

  test('An output that the worker wrote comes back as a link of the gateway that needs no key', async () => {
    const client = stack.sdk('demo')
    const started = await client.run({ input: { task: 'write', bytes: 1_000_000 } }, 30_000)
    const done = await stack.settled('demo', started.id)
    const { url, digest } = written(done)

    expect(url).toMatch(new RegExp(`^${stack.url}/files/`))
    const { pathname, search } = new URL(url)
    const link = `${pathname}${search}`
    const whole = await follow(link)
    expect(whole.status).toBe(200)
    expect(sha256(whole.bytes)).toBe(digest)
    expect(whole.bytes).toHaveLength(1_000_000)

    const range = await follow(link, { range: 'bytes=100-199' })
    expect(range.status).toBe(206)
    expect(range.bytes).toEqual(whole.bytes.subarray(100, 200))

    const head = await stack.call('HEAD', link, { key: '' })
    expect([200, 302]).toContain(head.status)
    if (head.status === 200) expect(head.headers['content-length']).toBe('1000000')
    expect(head.headers['x-content-type-options']).toBe('nosniff')
    expect(head.headers['content-security-policy']).toContain('sandbox')

    const secrets = secretsOf(await stack.platform.job(started.id))
    expect(secretsIn(done.text, secrets)).toEqual([])
  })

  test('A link that was changed in one character leads nowhere', async () => {
    const id = await stack.submitted('demo', { input: { task: 'write', bytes: 10 } })
    const { url } = written(await stack.settled('demo', id))
    const { pathname } = new URL(url)
    const at = '/files/'.length + 8
    const other = pathname[at] === 'A' ? 'B' : 'A'
    const forged = `${pathname.slice(0, at)}${other}${pathname.slice(at + 1)}`

    expect((await stack.call('GET', forged, { key: '' })).status).toBe(404)
  })

  test('A worker that answers its whole job dict gives no secret away', async () => {
    const id = await stack.submitted('demo', { input: { task: 'echo', word: 'kept' } })
    const done = await stack.settled('demo', id)

    expect(done.text).toContain('kept')
    expect(done.text).not.toContain('s3Config')
    expect(secretsIn(done.text, secretsOf(await stack.platform.job(id)))).toEqual([])
  })

  test('No answer of all these held a secret of any job, in its headers neither', async () => {
    const ids = new Set(observed.flatMap(({ text }) => text.match(/[0-9a-f-]{36}-[a-z]\d/g) ?? []))
    expect(ids.size).toBeGreaterThan(2)
    for (const id of ids) {
      const secrets = secretsOf(await stack.platform.job(id))
      for (const { path, headers, text } of observed) {
        const found = secretsIn(`${JSON.stringify(headers)}${text}`, secrets)
        expect(found, `in the answer to ${path}`).toEqual([])
      }
    }
  })

  test('After the sweep nothing of it is left', async () => {
    await stack.expectNothingLeft()
  })
})

// Where the gateway answers 302 the presigned URL is followed by hand, as it leads to the store.
async function follow(path: string, headers: Record<string, string> = {}) {
  const answer = await stack.call('GET', path, { key: '', headers })
  if (answer.status !== 302) return answer
  const response = await fetch(answer.headers.location ?? '', { headers })
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }
}

function written(answer: Answer): { url: string; digest: string } {
  const { status, output } = json(answer)
  expect(status, answer.text).toBe('COMPLETED')
  const text = JSON.stringify(output)
  const url = /"(https?:[^"]+)"/.exec(text)?.[1]
  const digest = /"([0-9a-f]{64})"/.exec(text)?.[1]
  if (url === undefined || digest === undefined) throw new TypeError(`No link in ${text}`)
  return { url, digest }
}
