import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { createClient } from '../../dev/worker/bucket.ts'
import { type Answer, json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf, largeBytes } from './payload.ts'
import { type S3Config, secretsOf, type TakenJob } from './platform-view.ts'
import { secretsIn } from './secret-forms.ts'

const stack = useStack({
  worker: 'none',
  config: (document) => {
    const { '*': shared, ...others } = document.endpoints
    const inline = { as: 'original', stage: 'always', outputs: 'inline' }
    return {
      ...document,
      endpoints: { '*': shared ?? {}, ...others, inline, linked: { as: 'key', outputs: 'link' } },
    }
  },
})

const forms = ['base64', 'data-uri', 'text', 'json'] as const

/** Leaves a file in the job's bucket, as the wrapper of a worker does; gives its reference. */
async function leave(
  { s3Config }: TakenJob,
  key: string,
  content: Uint8Array | string,
  as: (typeof forms)[number],
): Promise<string> {
  const own = own4(s3Config)
  const put = new PutObjectCommand({ Bucket: own.bucketName, Key: key, Body: Buffer.from(content) })
  await createClient(own).send(put)
  const bytes = Buffer.byteLength(content)
  const path = key.split('/').map(encodeURIComponent).join('/')
  return `bulkway-output://${own.accessId}/${path}?as=${as}&type=image%2Fpng&bytes=${bytes}`
}

function own4(s3Config: S3Config | undefined): S3Config {
  if (s3Config === undefined) throw new TypeError('The job has no s3Config')
  return s3Config
}

/** Submits a job and takes it. */
async function begun(endpointId = 'inline', input: unknown = { a: 1 }): Promise<TakenJob> {
  const id = await stack.submitted(endpointId, { input })
  const job = await stack.platform.take(endpointId)
  expect(job.id).toBe(id)
  return job
}

function status(job: TakenJob, operation = 'status', endpointId = 'inline'): Promise<Answer> {
  return stack.call('GET', `/v2/${endpointId}/${operation}/${job.id}`)
}

describe('An endpoint whose outputs are inline', () => {
  test('Answers the values that its worker had, of any size, in every form', async () => {
    const job = await begun()
    const large = bytesOf(largeBytes)
    const text = 'say "hi"\n\u0000 – ä\u{1f600}'.repeat(20_000)
    const output = {
      large: await leave(job, 'out/large file.png', large, 'base64'),
      uri: [await leave(job, 'out/1', large.subarray(0, 100_001), 'data-uri')],
      text: await leave(job, 'out/2', text, 'text'),
      json: await leave(job, 'out/3', JSON.stringify({ a: [1, text] }), 'json'),
      empty: await leave(job, 'out/4', '', 'base64'),
      small: 'as it was',
    }
    await stack.platform.finish('inline', job.id, { output })
    const expected = {
      large: large.toString('base64'),
      uri: [`data:image/png;base64,${large.subarray(0, 100_001).toString('base64')}`],
      text,
      json: { a: [1, text] },
      empty: '',
      small: 'as it was',
    }
    for (const operation of ['status', 'status-sync']) {
      const answer = await status(job, operation)
      expect(answer.status).toBe(200)
      expect(answer.headers['content-length']).toBeUndefined()
      const told = json(answer)
      expect(Buffer.compare(Buffer.from(`${Object(told['output']).large}`, 'base64'), large)).toBe(
        0,
      )
      expect(told).toMatchObject({ id: job.id, status: 'COMPLETED', output: expected })
      expect(secretsIn(answer.text.slice(-1_000_000), secretsOf(job))).toEqual([])
    }
  })

  test('Answers them from runsync', async () => {
    const body = JSON.stringify({ input: { a: 1 } })
    const answer = stack.call('POST', '/v2/inline/runsync', { body })
    const job = await stack.platform.take('inline')
    const output = await leave(job, 'out/a', bytesOf(100_000), 'base64')
    await stack.platform.finish('inline', job.id, { output })
    expect(json(await answer)['output']).toBe(bytesOf(100_000).toString('base64'))
  })

  test('Answers them in the chunks of a stream', async () => {
    const job = await begun()
    const first = await leave(job, 'out/a', bytesOf(100_000), 'base64')
    await stack.platform.chunk('inline', job.id, { first })
    const answer = await status(job, 'stream')
    expect(json(answer)['stream']).toEqual([
      expect.objectContaining({ output: { first: bytesOf(100_000).toString('base64') } }),
    ])
    await stack.platform.finish('inline', job.id, { output: [] })
    await status(job)
  })

  test('Answers them when the platform has forgotten the job', async () => {
    const job = await begun()
    const output = { image: await leave(job, 'out/a', bytesOf(300_000), 'data-uri') }
    await stack.platform.finish('inline', job.id, { output })
    const expected = { image: `data:image/png;base64,${bytesOf(300_000).toString('base64')}` }
    await expect
      .poll(
        async () => (await stack.bucket.keys()).filter((key) => key.includes('results/')).length,
        {
          timeout: 20_000,
        },
      )
      .toBeGreaterThan(0)
    await stack.platform.forget(job.id)
    await expect
      .poll(async () => json(await status(job))['output'], { timeout: 20_000 })
      .toEqual(expected)
  })

  test('Leaves references that its worker may not make as text, and names them in the log', async () => {
    const job = await begun()
    const other = await begun()
    const foreign = await leave(other, 'out/a', 'the other’s', 'text')
    const own = await leave(job, 'out/a', 'own', 'text')
    const output = {
      own,
      foreign,
      above: own.replace('/out/a', '/out/../../a'),
      encoded: own.replace('/out/a', '/%2E%2E/a'),
      missing: own.replace('/out/a', '/out/b'),
      unknown: own.replace('as=text', 'as=exe'),
    }
    await stack.platform.finish('inline', job.id, { output })
    const answer = await status(job)
    const told = json(answer)['output']
    const left = expect.stringMatching(/^bulkway-output:\/\//)
    expect(told).toEqual({
      ...{ own: 'own', foreign: left, above: left, encoded: left, missing: left, unknown: left },
    })
    expect(answer.text).not.toContain('the other’s')
    expect(secretsIn(answer.text, secretsOf(job))).toEqual([])
    const lines = () => stack.gatewayLines.join('\n')
    for (const reason of ['another job', 'beyond the job', 'missing', 'malformed']) {
      await expect.poll(lines).toMatch(new RegExp(`reference_refused.*"${reason}"`))
    }
    await stack.platform.finish('inline', other.id, { output: 'done' })
    await status(other)
  })

  test('Goes on where the store broke off, and breaks off where the file is gone', async () => {
    const job = await begun()
    const output = await leave(job, 'out/a', bytesOf(5_000_000), 'base64')
    await stack.platform.finish('inline', job.id, { output })
    const read = { method: 'GET', path: /\/out\/a$/ }
    const once = stack.store.fault({ ...read, fault: { kind: 'cut-response', bytes: 2_000_000 } })
    const whole = await status(job)
    expect(once.hits).toBe(1)
    expect(json(whole)['output']).toBe(bytesOf(5_000_000).toString('base64'))
    stack.store.clear()

    stack.store.fault({ ...read, times: Infinity, fault: { kind: 'cut-response', bytes: 0 } })
    expect((await status(job)).status).toBe(503)
    stack.store.clear()

    stack.store.fault({ ...read, fault: { kind: 'cut-response', bytes: 2_000_000 } })
    stack.store.fault({ ...read, nth: 1, fault: { kind: 'answer', status: 404 } })
    await expect(status(job)).rejects.toThrow()
    stack.store.clear()
  })
})

describe('An endpoint that takes originals', () => {
  test('Gives its worker what each input was', async () => {
    const base64 = bytesOf(200_000).toString('base64')
    const job = await begun('inline', { file: base64, uri: `data:image/png;base64,${base64}` })
    const accessId = job.s3Config?.accessId
    expect(job.input).toEqual({
      file: expect.stringMatching(
        new RegExp(
          `^bulkway-input://${accessId}/in/0-file\\.\\w+\\?as=base64&type=[^&]+&bytes=200000$`,
        ),
      ),
      uri: `bulkway-input://${accessId}/in/1-uri.png?as=data-uri&type=image%2Fpng&bytes=200000`,
    })
    await stack.platform.finish('inline', job.id, { output: job.input })
    const answer = await status(job)
    expect(secretsIn(answer.text, secretsOf(job))).toEqual([])
  })
})

describe('An endpoint whose outputs are links', () => {
  test('Has a link where its worker left a reference', async () => {
    const job = await begun('linked')
    const output = { image: await leave(job, 'out/ä b.png', bytesOf(100_000), 'base64') }
    await stack.platform.finish('linked', job.id, { output })
    const { image } = Object(json(await status(job, 'status', 'linked'))['output'])
    expect(image).toMatch(new RegExp(`^${stack.url}/files/[\\w-]+/%C3%A4%20b\\.png$`))
    const file = await stack.call('GET', new URL(image).pathname, { key: '' })
    expect(file.bytes.equals(bytesOf(100_000))).toBe(true)
  })

  test('Has one to JSON whose own references are links', async () => {
    const job = await begun('linked')
    const inner = { text: await leave(job, 'out/a', 'inner', 'text'), own: job.s3Config }
    const output = await leave(job, 'out/v.json', JSON.stringify(inner), 'json')
    await stack.platform.finish('linked', job.id, { output })
    const link = new URL(`${json(await status(job, 'status', 'linked'))['output']}`)
    const path = `${link.pathname}${link.search}`
    const file = await stack.call('GET', path, { key: '' })
    expect(file.status).toBe(200)
    expect(file.headers['content-type']).toContain('application/json')
    expect(secretsIn(file.text, secretsOf(job))).toEqual([])
    const { text } = json(file)
    const read = await stack.call('GET', new URL(`${text}`).pathname, { key: '' })
    expect(read.text).toBe('inner')
    const head = await stack.call('HEAD', path, { key: '' })
    expect([head.status, head.text]).toEqual([200, ''])
  })
})

test('After the sweep nothing of it is left', async () => {
  await stack.expectNothingLeft()
})
