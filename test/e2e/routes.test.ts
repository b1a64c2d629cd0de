import { afterEach, describe, expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'

const stack = useStack({ worker: 'none' })

afterEach(() => stack.upstream.clear())

async function queued(): Promise<string> {
  return await stack.submitted('hand', { input: { a: 1 } })
}

async function taken(): Promise<string> {
  await stack.platform.purge('hand')
  const id = await queued()
  await stack.platform.take('hand')
  return id
}

describe('The routes of the platform', () => {
  test('run answers 200 with the id and the status of the platform', async () => {
    const answer = await stack.submit('hand', { input: { a: 1 } })

    expect(answer.status).toBe(200)
    expect(json(answer)).toEqual({ id: expect.any(String), status: 'IN_QUEUE' })
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })

  test('runsync waits as long as it is told and passes the query on', async () => {
    const body = JSON.stringify({ input: { a: 1 } })
    const answer = await stack.call('POST', '/v2/hand/runsync?wait=1000', { body })

    expect(answer.status).toBe(200)
    expect(json(answer)).toMatchObject({
      id: expect.stringMatching(/^sync-/),
      status: expect.stringMatching(/^IN_(QUEUE|PROGRESS)$/),
    })
    const sent = stack.upstream.log.find(({ path }) => path.endsWith('/runsync'))
    expect(sent?.query).toEqual(['wait'])
  })

  test.each(['GET', 'POST'])('status answers to %s', async (method) => {
    const id = await queued()
    const answer = await stack.call(method, `/v2/hand/status/${id}?ttl=86400000`)

    expect(answer.status).toBe(200)
    expect(json(answer)).toMatchObject({ id, status: 'IN_QUEUE' })
  })

  test.each(['GET', 'POST'])(
    'status-sync answers to %s as soon as the job is over',
    async (method) => {
      const id = await taken()
      const waiting = stack.call(method, `/v2/hand/status-sync/${id}?wait=60000`)
      await stack.platform.finish('hand', id, { output: { done: true } })
      const answer = await waiting

      expect(answer.status).toBe(200)
      expect(json(answer)).toMatchObject({ id, status: 'COMPLETED', output: { done: true } })
    },
  )

  test.each(['GET', 'POST'])('stream hands each chunk out once, by %s', async (method) => {
    const id = await taken()
    await stack.platform.chunk('hand', id, 'one')
    await stack.platform.chunk('hand', id, { two: 2 })
    const first = await stack.call(method, `/v2/hand/stream/${id}`)
    await stack.platform.finish('hand', id, { output: [] })
    const second = await stack.call(method, `/v2/hand/stream/${id}`)

    expect(json(first)).toEqual({
      status: 'IN_PROGRESS',
      stream: [{ output: 'one' }, { output: { two: 2 } }],
    })
    expect(json(second)).toEqual({ status: 'COMPLETED', stream: [] })
    const polls = stack.upstream.log.filter(({ path }) => path.includes('/stream/'))
    expect(polls).toHaveLength(2)
  })

  test('cancel takes no body, {} or nothing', async () => {
    for (const body of [undefined, '{}', '']) {
      const id = await queued()
      const answer = await stack.call(
        'POST',
        `/v2/hand/cancel/${id}`,
        body === undefined ? {} : { body },
      )
      expect(answer.status).toBe(200)
      expect(json(answer)).toMatchObject({ id, status: 'CANCELLED' })
    }
  })

  test('retry queues a failed job again, and is refused by the platform for others', async () => {
    const id = await taken()
    await stack.platform.finish('hand', id, { error: 'broken' })
    expect(json(await stack.call('GET', `/v2/hand/status/${id}`))['status']).toBe('FAILED')
    const answer = await stack.call('POST', `/v2/hand/retry/${id}`)
    expect(answer.status).toBe(200)
    expect(json(answer)).toMatchObject({ id, status: 'IN_QUEUE' })

    expect((await stack.call('POST', `/v2/hand/retry/${await queued()}`)).status).toBe(400)
  })

  test('purge-queue, health and requests pass', async () => {
    await queued()
    const listing = await stack.call('GET', '/v2/hand/requests')
    expect(listing.status).toBe(200)
    expect(json(listing)['requests']).toBeInstanceOf(Array)
    const health = await stack.call('GET', '/v2/hand/health')
    expect(json(health)).toMatchObject({ jobs: expect.anything(), workers: expect.anything() })
    const purge = await stack.call('POST', '/v2/hand/purge-queue', { body: '{}' })
    expect(json(purge)).toEqual({ removed: expect.any(Number), status: 'completed' })
  })

  test('No field of an answer is dropped', async () => {
    const id = await taken()
    await stack.platform.finish('hand', id, { output: { null: null, nested: [{}] } })
    const direct = await fetch(`${stack.platformUrl}/v2/hand/status/${id}`, {
      headers: { authorization: 'Bearer rpa_test' },
    })
    const answer = await stack.call('GET', `/v2/hand/status/${id}`)

    expect(answer.text).toBe(await direct.text())
  })

  test('The platform answers for a job that it does not know, and for an endpoint', async () => {
    const unknown = await stack.call('GET', '/v2/hand/status/no-such-job')
    expect({ status: unknown.status, body: json(unknown) }).toEqual({
      status: 404,
      body: { error: 'job not found' },
    })
    const missing = await stack.submit('missing', { input: { a: 1 } })
    expect(missing.status).toBe(404)
  })
})

describe('Keys', () => {
  test('A key goes upstream as it came, raw or as Bearer', async () => {
    for (const authorization of ['Bearer rpa_one', 'rpa_two']) {
      const answer = await stack.submit(
        'hand',
        { input: { a: 1 } },
        {
          key: '',
          headers: { authorization },
        },
      )
      expect(answer.status).toBe(200)
      const sent = stack.upstream.log.filter(({ path }) => path.endsWith('/run')).at(-1)
      expect(sent?.kept?.headers['authorization']).toBe(authorization)
    }
  })

  test('The scheme may be written in any case', async () => {
    const headers = { authorization: 'bEARER rpa_three' }
    const answer = await stack.submit('hand', { input: { a: 1 } }, { key: '', headers })

    expect(answer.status).toBe(200)
    expect(stack.upstream.log.at(-1)?.kept?.headers['authorization']).toMatch(/^bearer rpa_three$/i)
  })

  test('A key that the platform refuses is refused in its words', async () => {
    const answer = await stack.call('GET', '/v2/hand/health', { key: 'bad_key' })

    expect({ status: answer.status, body: json(answer) }).toEqual({
      status: 401,
      body: { error: 'unauthorized' },
    })
  })
})

describe('What passes through', () => {
  test('Headers go by an allow-list, the request id with them', async () => {
    await stack.submit(
      'hand',
      { input: { a: 1 } },
      {
        headers: { 'x-request-id': 'r-1', cookie: 'secret=1', 'x-forwarded-for': '10.0.0.1' },
      },
    )
    const { headers = {} } = stack.upstream.log.at(-1)?.kept ?? {}

    expect(headers['x-request-id']).toBe('r-1')
    expect(headers['cookie']).toBeUndefined()
    expect(headers['x-forwarded-for']).toBeUndefined()
    expect(headers['host']).toBe(new URL(stack.upstream.url).host)
  })

  test('Small bodies are byte-identical, whatever is in them', async () => {
    const bodies = [
      '{"input":{"prompt":"x"}}',
      ' { "input" : { "n" : 1.0e10 , "z": -0 } }\n',
      '{"input":{"a":1},"input":{"a":2}}',
      JSON.stringify({ input: { text: 'ö☃'.repeat(5_000) } }),
      'not json at all',
      '',
    ]
    for (const body of bodies) {
      await stack.submit('hand', body)
      expect(stack.upstream.log.at(-1)?.kept?.body.toString()).toBe(body)
    }
  })

  test('Unknown paths of an endpoint are proxied, both ways', async () => {
    const body = bytesOf(100_000)
    const answer = await stack.call('PUT', '/v2/hand/logs/b-1?limit=3', {
      body,
      headers: { 'content-type': 'application/octet-stream' },
    })

    expect({ status: answer.status, body: json(answer) }).toEqual({
      status: 404,
      body: { error: 'not found' },
    })
    const sent = stack.upstream.log.at(-1)
    expect(sent).toMatchObject({ method: 'PUT', path: '/v2/hand/logs/b-1', query: ['limit'] })
    expect(sent?.kept?.body.equals(body)).toBe(true)
  })

  test('The routes of workers are closed', async () => {
    const routes = [
      ['GET', 'job-take/w1?gpu=x'],
      ['GET', 'job-take-batch/w1?gpu=x'],
      ['GET', 'job-stop/w1'],
      ['POST', 'job-done/w1/id?gpu=x'],
      ['POST', 'job-stream/w1/id?gpu=x'],
      ['GET', 'ping/w1'],
      ['GET', 'ping'],
      ['GET', '%6aob-take/w1?gpu=x'],
      ['GET', 'status/../job-take/w1?gpu=x'],
      ['GET', '/job-take/w1?gpu=x'],
    ] as const
    for (const [method, path] of routes) {
      const answer = await stack.call(method, `/v2/hand/${path}`)
      expect(answer.status, path).toBe(404)
    }
    expect(stack.upstream.log.filter(({ path }) => /job-|ping/.test(path))).toEqual([])
  })
})

describe("The gateway's own routes", () => {
  test('It says that it lives and that it is ready', async () => {
    expect((await stack.call('GET', '/healthz', { key: '' })).status).toBe(200)
    expect((await stack.call('GET', '/readyz', { key: '' })).status).toBe(200)
  })

  test('It describes itself', async () => {
    const answer = await stack.call('GET', '/openapi.json', { key: '' })

    expect(answer.status).toBe(200)
    expect(json(answer)['openapi']).toMatch(/^3\./)
  })

  test('What it does not have is a problem', async () => {
    const answer = await stack.call('GET', '/nothing/here', { key: '' })

    expect(answer.status).toBe(404)
    expect(json(answer)).toMatchObject({ code: 'not_found', error: expect.any(String) })
  })
})

describe('The official client', () => {
  test('runs, asks, cancels and purges with nothing changed but its base URL', async () => {
    const client = stack.sdk('hand')
    const { id, status } = await client.run({ input: { a: 1 } })
    expect(status).toBe('IN_QUEUE')
    expect(await client.status(id)).toMatchObject({ id, started: true, completed: false })
    expect(await client.cancel(id)).toMatchObject({ id, status: 'CANCELLED' })
    expect(await client.health()).toMatchObject({ jobs: expect.anything() })
    expect(await client.purgeQueue()).toMatchObject({ status: 'completed' })
  })
})
