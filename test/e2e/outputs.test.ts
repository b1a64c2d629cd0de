import { Agent } from 'node:http'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { json } from './call.ts'
import { type Stack, useStack } from './harness.ts'
import { bytesOf } from './payload.ts'
import { type S3Config, secretsOf, type TakenJob } from './platform-view.ts'
import { storeKind } from './project.ts'
import { secretsIn } from './secret-forms.ts'

const file = bytesOf(100_000)

/** Submits a job; gives what its worker takes. */
async function taken(stack: Stack, endpointId: string): Promise<TakenJob & { s3Config: S3Config }> {
  const id = await stack.submitted(endpointId, { input: { word: 'kept' } })
  const job = await stack.platform.take(endpointId)
  expect(job.id).toBe(id)
  if (job.s3Config === undefined) throw new Error('no s3Config')
  return { ...job, s3Config: job.s3Config }
}

/** Ends a job; gives the output that its client sees. */
async function seen(
  stack: Stack,
  endpointId: string,
  job: TakenJob,
  output: unknown,
): Promise<Record<string, unknown>> {
  await stack.platform.finish(endpointId, job.id, { output })
  const answer = await stack.settled(endpointId, job.id)
  expect(answer.status, answer.text).toBe(200)
  expect(secretsIn(answer.text, secretsOf(job))).toEqual([])
  return json(answer)['output'] as Record<string, unknown>
}

function pathOf(link: unknown): string {
  const { pathname } = new URL(`${link}`)
  expect(pathname).toMatch(/^\/files\/[\w-]+\/[^/]+$/)
  return pathname
}

const refusals = (stack: Stack) =>
  stack.gatewayLines.filter((line) => line.includes('"reference_refused"'))

describe('Outputs that a worker names', () => {
  const stack = useStack({
    worker: 'none',
    config: (document) => ({
      ...document,
      endpoints: {
        ...document.endpoints,
        outputs: { as: 'key', s3Config: 'always' },
        keys: { as: 'key', s3Config: 'always', linkOutputKeys: true },
        away: { as: 'key', s3Config: 'always', files: 'redirect' },
      },
    }),
  })

  async function wrote(
    { s3Config }: { s3Config: S3Config },
    Key: string,
    ContentType = 'image/png',
  ) {
    const put = new PutObjectCommand({ Bucket: s3Config.bucketName, Key, Body: file, ContentType })
    await workerClient(s3Config).send(put)
  }

  /** What a link leads to, without a key. */
  const follow = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
    stack.call(method, path, { key: '', headers })

  test('are links of the gateway, whichever way they are named', async () => {
    const job = await taken(stack, 'outputs')
    const { endpointUrl, bucketName } = job.s3Config
    await wrote(job, 'out/a b.png')
    await wrote(job, 'out/ä.png')
    const client = workerClient(job.s3Config)
    const presign = (Bucket: string) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'out/a b.png' }))
    const output = {
      presigned: await presign(bucketName),
      monthly: await presign('11-26'),
      plain: `${endpointUrl}/${bucketName}/out/a%20b.png`,
      spaced: `${endpointUrl}/${bucketName}/out/a b.png`,
      wide: `${endpointUrl}/${bucketName}/out/ä.png`,
      uri: `s3://${bucketName}/out/a b.png`,
    }
    const elsewhere = [
      'https://elsewhere.example/out/a b.png?X-Amz-Signature=0123',
      's3://elsewhere/out/a.png',
      'out/a b.png',
      { text: 'out/ä.png' },
    ]
    const nested = JSON.stringify({ u: output.spaced, v: [output.uri, output.presigned] })
    const told = await seen(stack, 'outputs', job, { ...output, nested, elsewhere })
    expect(told['elsewhere']).toEqual(elsewhere)
    const inner = JSON.parse(`${told['nested']}`)
    for (const link of [...Object.keys(output).map((name) => told[name]), inner.u, ...inner.v]) {
      const answer = await follow(pathOf(link))
      expect(answer.status).toBe(200)
      expect(answer.bytes.equals(file)).toBe(true)
    }
    expect(refusals(stack)).toEqual([])
  })

  test('are links by their keys alone, where the endpoint says so', async () => {
    const job = await taken(stack, 'keys')
    await wrote(job, 'out/a b.png')
    const output = { list: ['out/a b.png', 'out/none.png'], text: 'it is out/a b.png' }
    const told = await seen(stack, 'keys', job, output)
    const [link, none] = told['list'] as string[]
    expect((await follow(pathOf(link))).bytes.equals(file)).toBe(true)
    expect({ none, text: told['text'] }).toEqual({ none: 'out/none.png', text: output.text })
  })

  test('of another job, or beyond its bucket, are no links, and the log says so', async () => {
    const other = await taken(stack, 'outputs')
    await wrote(other, 'out/a.png')
    const job = await taken(stack, 'outputs')
    const { endpointUrl, bucketName } = job.s3Config
    const get = new GetObjectCommand({ Bucket: bucketName, Key: 'out/a.png' })
    const foreign = await getSignedUrl(workerClient(other.s3Config), get)
    const above = `${endpointUrl}/${bucketName}/../../out/a.png`
    const forged = `${stack.url}/files/${'A'.repeat(80)}/a.png`
    const told = await seen(stack, 'outputs', job, { foreign, above, forged })
    expect(told['foreign']).toMatch(new RegExp(`^${endpointUrl}/${bucketName}/out/a.png\\?`))
    expect(told['foreign']).not.toContain(new URL(foreign).searchParams.get('X-Amz-Signature'))
    expect({ above: told['above'], forged: told['forged'] }).toEqual({ above, forged })
    expect((await follow(new URL(forged).pathname)).status).toBe(404)
    const reasons = () => refusals(stack).map((line) => /"reason":"([^"]+)"/.exec(line)?.[1])
    // The webhook's body is looked through as well.
    await expect
      .poll(() => [...new Set(reasons())].sort())
      .toEqual(['another job', 'forged link', 'unclear path'])
    expect(refusals(stack).join()).not.toContain(other.s3Config.accessId)
    await seen(stack, 'outputs', other, {})
  })

  describe.each(['outputs', 'away'])('of the endpoint "%s"', (endpointId) => {
    let path = ''

    /** The file's answer: of the store itself, where the gateway sends there. */
    async function read(headers: Record<string, string> = {}) {
      const answer = await follow(path, 'GET', headers)
      if (endpointId === 'outputs' || answer.status !== 302) return answer
      expect(answer.headers['cache-control']).toBe('no-store')
      const response = await fetch(`${answer.headers.location}`, { headers })
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        bytes: Buffer.from(await response.arrayBuffer()),
      }
    }

    test('are downloads under their own name', async () => {
      const job = await taken(stack, endpointId)
      await wrote(job, 'out/ä b.html', 'text/html')
      const url = `${job.s3Config.endpointUrl}/b/out/ä b.html`
      path = pathOf((await seen(stack, endpointId, job, { url }))['url'])
      const whole = await read()
      expect(whole.status).toBe(200)
      expect(whole.bytes.equals(file)).toBe(true)
      const disposition = `attachment; filename="_ b.html"; filename*=UTF-8''%C3%A4%20b.html`
      const { status, headers } = await follow(path)
      expect(status).toBe(endpointId === 'away' ? 302 : 200)
      if (endpointId === 'away') {
        const query = new URL(`${headers.location}`).searchParams
        expect(query.get('response-content-disposition')).toBe(disposition)
      }
      // Local R2 is deaf to it.
      if (endpointId === 'outputs' || storeKind === 'rgw') {
        expect(whole.headers['content-disposition']).toBe(disposition)
      }
      expect(whole.headers['content-type']).toBe('text/html')
    })

    test('are read in part', async () => {
      const part = await read({ range: 'bytes=100-199' })
      expect(part.status).toBe(206)
      expect(part.headers['content-range']).toBe('bytes 100-199/100000')
      expect(part.bytes.equals(file.subarray(100, 200))).toBe(true)
      const last = await read({ range: 'bytes=-5' })
      expect(last.bytes.equals(file.subarray(-5))).toBe(true)
      expect((await read({ range: 'bytes=100000-' })).status).toBe(416)
    })

    test('are read on conditions', async () => {
      const { headers } = await read()
      const etag = `${headers['etag']}`
      const changed = `${headers['last-modified']}`
      expect(etag).toMatch(/^"[^"]+"$/)
      const status = async (headers: Record<string, string>) => (await read(headers)).status
      expect(await status({ 'if-none-match': etag })).toBe(304)
      expect(await status({ 'if-none-match': '"other"' })).toBe(200)
      expect(await status({ 'if-match': etag })).toBe(200)
      expect(await status({ 'if-match': '"other"' })).toBe(412)
      expect(await status({ 'if-modified-since': changed })).toBe(304)
      // Local R2 compares milliseconds with the seconds that it tells.
      if (endpointId === 'outputs' || storeKind === 'rgw') {
        expect(await status({ 'if-unmodified-since': changed })).toBe(200)
      }
      const before = new Date(Date.parse(changed) - 60_000).toUTCString()
      expect(await status({ 'if-modified-since': before })).toBe(200)
      expect(await status({ 'if-unmodified-since': before })).toBe(412)
      expect(await status({ range: 'bytes=0-9', 'if-match': etag })).toBe(206)
      expect(await status({ range: 'bytes=0-9', 'if-match': '"other"' })).toBe(412)
    })

    test('go on where they broke off, if they are still the same', async () => {
      const etag = `${(await read()).headers['etag']}`
      const rest = await follow(path, 'GET', { range: 'bytes=99990-', 'if-range': etag })
      expect(rest.status).toBe(206)
      expect(rest.bytes.equals(file.subarray(99_990))).toBe(true)
      for (const ifRange of ['"other"', `W/${etag}`, new Date().toUTCString()]) {
        const whole = await follow(path, 'GET', { range: 'bytes=99990-', 'if-range': ifRange })
        expect(whole.status, ifRange).toBe(200)
        expect(whole.bytes.equals(file)).toBe(true)
      }
    })

    test('have a head, which the gateway answers itself', async () => {
      const head = await follow(path, 'HEAD')
      expect(head.status).toBe(200)
      expect(head.headers).toMatchObject({
        'content-length': '100000',
        'content-type': 'text/html',
        'accept-ranges': 'bytes',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining('sandbox'),
        'content-disposition': expect.stringContaining('attachment'),
        'cache-control': 'private',
      })
      expect(head.bytes).toHaveLength(0)
      const etag = `${head.headers.etag}`
      expect((await follow(path, 'HEAD', { 'if-none-match': etag })).status).toBe(304)
    })

    test('are gone with their job', async () => {
      const job = await taken(stack, endpointId)
      await wrote(job, 'out/a.png')
      const uri = `s3://${job.s3Config.bucketName}/out/a.png`
      const gone = pathOf((await seen(stack, endpointId, job, { uri }))['uri'])
      expect((await follow(gone)).status).toBe(endpointId === 'away' ? 302 : 200)
      expect((await stack.call('DELETE', `/v2/${endpointId}/jobs/${job.id}`)).status).toBe(204)
      const answer = await follow(gone)
      expect(answer.status).toBe(404)
      expect(json(answer)).toMatchObject({ code: 'not_found' })
    })
  })

  test('leave nothing behind', () => stack.expectNothingLeft())
})

describe('Outputs in a job bucket with a host of its own', () => {
  const stack = useStack({
    worker: 'none',
    config: (document) => ({
      ...document,
      jobBucketUrl: `https://s3.bulkway.example:${new URL(`${document['publicUrl']}`).port}`,
      endpoints: { ...document.endpoints, outputs: { as: 'key', s3Config: 'always' } },
    }),
  })
  /** Every name is the gateway's. */
  const agent = new Agent({
    lookup: (_name, options, done) =>
      options.all === true
        ? done(null, [{ address: '127.0.0.1', family: 4 }])
        : done(null, '127.0.0.1', 4),
  })

  test('are links too where the bucket is named in the host', async () => {
    const job = await taken(stack, 'outputs')
    const { s3Config } = job
    const client = new S3Client({
      // TLS ends before the gateway.
      endpoint: s3Config.endpointUrl.replace('https:', 'http:'),
      region: 'us-east-1',
      credentials: { accessKeyId: s3Config.accessId, secretAccessKey: s3Config.accessSecret },
      requestHandler: { httpAgent: agent },
      maxAttempts: 1,
    })
    const where = { Bucket: 'my-bucket', Key: 'out/a b.png' }
    await client.send(new PutObjectCommand({ ...where, Body: file }))
    const signed = await getSignedUrl(client, new GetObjectCommand(where))
    const presigned = signed.replace('http:', 'https:')
    const { host } = new URL(s3Config.endpointUrl)
    expect(presigned).toContain(`//my-bucket.${host}/`)
    const told = await seen(stack, 'outputs', job, {
      presigned,
      plain: `https://job_files.${host}/out/a%20b.png`,
      spaced: `https://11-26.${host}/out/a b.png`,
    })
    for (const link of Object.values(told)) {
      const answer = await stack.call('GET', pathOf(link), { key: '' })
      expect(answer.bytes.equals(file)).toBe(true)
    }
    expect(refusals(stack)).toEqual([])
  })
})
