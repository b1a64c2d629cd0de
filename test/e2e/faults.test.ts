import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { FaultRule } from '../../dev/faults/rule.ts'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { base64Of, multipartBytes } from './payload.ts'

const stack = useStack({
  worker: 'none',
  config: (document) => ({ ...document, limits: { idleTimeoutMs: 1_500 } }),
})

const always = Number.POSITIVE_INFINITY
let large: string
let small: string

beforeAll(() => {
  large = JSON.stringify({ input: { file: base64Of(multipartBytes) } })
  small = JSON.stringify({ input: { file: base64Of(200_000) } })
})

afterEach(async () => {
  stack.upstream.clear()
  stack.store.clear()
  await stack.expectNothingLeft()
})

/** Where in a payload's way the store is asked for something, by what the request looks like. */
const put = { method: 'PUT', path: /\/\d{4}-\d{2}-\d{2}\//, query: /^(?!.*partNumber)/ }
const create = { method: 'POST', query: /uploads/ }
const part = { method: 'PUT', query: /partNumber=2\b/ }
const complete = { method: 'POST', query: /uploadId=/ }
const grant = { method: 'PUT', path: /\/grants\// }
const binding = { method: 'PUT', path: /\/jobs\// }

describe('A store that fails once is asked again', () => {
  const faults: [string, FaultRule, 'small' | 'large'][] = [
    ['500 at a PUT', { ...put, fault: { kind: 'answer', status: 500 } }, 'small'],
    ['SlowDown at a PUT', { ...put, fault: { kind: 'slow-down' } }, 'small'],
    ['a reset at a PUT', { ...put, fault: { kind: 'reset' } }, 'small'],
    [
      'a cut in the middle of a PUT',
      { ...put, fault: { kind: 'cut-request', bytes: 70_000 } },
      'small',
    ],
    ['500 at a part', { ...part, fault: { kind: 'answer', status: 500 } }, 'large'],
    ['SlowDown at a part', { ...part, fault: { kind: 'slow-down' } }, 'large'],
    ['a reset at a part', { ...part, fault: { kind: 'reset' } }, 'large'],
    [
      'a cut in the middle of a part',
      { ...part, fault: { kind: 'cut-request', bytes: 3_000_000 } },
      'large',
    ],
    ['a lost answer to a part', { ...part, fault: { kind: 'cut-response', bytes: 0 } }, 'large'],
  ]
  test.each(faults)('%s', async (_, rule, size) => {
    const planted = stack.store.fault(rule)
    const endpoint = size === 'small' ? 'always' : 'hand'
    const id = await stack.submitted(endpoint, size === 'small' ? small : large)

    expect(planted.hits).toBe(1)
    expect((await stack.platform.job(id)).input['file']).toMatch(/^in\//)
  })
})

describe('A store that goes on failing is a 503, and nothing is submitted', () => {
  const kinds: [string, FaultRule['fault']][] = [
    ['500', { kind: 'answer', status: 500 }],
    ['SlowDown', { kind: 'slow-down' }],
    ['a reset', { kind: 'reset' }],
    ['a stall', { kind: 'stall' }],
  ]
  const stages: [string, Omit<FaultRule, 'fault'>, 'small' | 'large'][] = [
    ['a PUT', put, 'small'],
    ['the creation of a multipart upload', create, 'large'],
    ['a part', part, 'large'],
    ['the completion of a multipart upload', complete, 'large'],
    ['the grant', grant, 'small'],
  ]
  const cases = stages.flatMap(([stage, match, size]) =>
    kinds.map(([kind, fault]) => ({ stage, match, size, kind, fault })),
  )
  test.each(cases)('$kind at $stage', async ({ match, size, fault }) => {
    const planted = stack.store.fault({ ...match, times: always, fault })
    const before = stack.submissions()
    const answer = await stack.submit(
      size === 'small' ? 'always' : 'hand',
      size === 'small' ? small : large,
    )

    expect(planted.hits).toBeGreaterThan(0)
    expect(answer.status, answer.text).toBe(503)
    expect(json(answer)).toMatchObject({ code: 'store_unavailable', error: expect.any(String) })
    expect(stack.submissions()).toBe(before)
    stack.store.clear()
    await stack.expectNoFiles()
  })

  test('A store that fails in the middle of a part, again and again', async () => {
    const fault = { kind: 'cut-request', bytes: 3_000_000 } as const
    stack.store.fault({ ...part, times: always, fault })
    const answer = await stack.submit('hand', large)

    expect(answer.status).toBe(503)
    expect(stack.submissions()).toBe(0)
    stack.store.clear()
    await stack.expectNoFiles()
  })

  test('A store that refuses is no fault of the client either', async () => {
    stack.store.fault({ ...put, times: always, fault: { kind: 'answer', status: 403 } })
    const answer = await stack.submit('always', small)

    expect(answer.status).toBe(503)
    expect(stack.submissions()).toBe(0)
  })
})

test('A job whose id cannot be bound is cancelled upstream, and the client gets a 503', async () => {
  stack.store.fault({ ...binding, times: always, fault: { kind: 'slow-down' } })
  const answer = await stack.submit('always', small)

  expect(answer.status).toBe(503)
  expect(json(answer)['code']).toBe('job_not_bound')
  await expect
    .poll(() => stack.upstream.log.filter(({ path }) => /\/cancel\//.test(path)).length)
    .toBe(1)
  stack.store.clear()
})

describe('What upstream answers to a submission', () => {
  const answers: [number, string, Record<string, string>][] = [
    [400, '{"error":"bad request"}', { 'content-type': 'application/json' }],
    [401, '{"error":"unauthorized"}', { 'content-type': 'application/json' }],
    [404, '{"error":"endpoint not found"}', { 'content-type': 'application/json' }],
    [
      429,
      '{"error":"too many requests"}',
      { 'content-type': 'application/json', 'retry-after': '7' },
    ],
    [502, '<html><body>Bad gateway</body></html>', { 'content-type': 'text/html' }],
    [524, '<html><body>A timeout occurred</body></html>', { 'content-type': 'text/html' }],
  ]
  test.each(answers)(
    '%i passes with its body, and what was staged goes at once, or when no job can want it',
    async (status, body, headers) => {
      const run = { method: 'POST', path: /\/run$/ }
      stack.upstream.fault({ ...run, fault: { kind: 'answer', status, body, headers } })
      const answer = await stack.submit('always', small)

      expect(answer.status).toBe(status)
      expect(answer.text).toBe(body)
      expect(answer.headers['content-type']).toBe(headers['content-type'])
      expect(answer.headers['retry-after']).toBe(headers['retry-after'])
      // After a 5xx the job may be there all the same.
      if (status >= 500) await stack.expectFilesUntilExpiry()
      else await stack.expectNoFiles()
    },
  )

  test.each(answers)('%i passes where nothing was staged', async (status, body, headers) => {
    const run = { method: 'POST', path: /\/run$/ }
    stack.upstream.fault({ ...run, fault: { kind: 'answer', status, body, headers } })
    const answer = await stack.submit('hand', { input: { a: 1 } })

    expect({ status: answer.status, text: answer.text }).toEqual({ status, text: body })
  })

  test.each([401, 404, 429, 502])('%i to a status passes', async (status) => {
    const body = `{"error":"status ${status}"}`
    stack.upstream.fault({ path: /\/status\//, fault: { kind: 'answer', status, body } })
    const answer = await stack.call('GET', '/v2/hand/status/some-id')

    expect({ status: answer.status, text: answer.text }).toEqual({ status, text: body })
  })
})

describe('An upstream that is gone', () => {
  test('before the submission is a 502, and what was staged goes when no job can want it', async () => {
    stack.upstream.fault({ path: /\/run$/, times: always, fault: { kind: 'reset' } })
    const answer = await stack.submit('always', small)

    expect(answer.status).toBe(502)
    expect(json(answer)['code']).toBe('upstream_unreachable')
    await stack.expectFilesUntilExpiry()
  })

  test('during the submission is a 502, and it is not sent twice', async () => {
    const planted = stack.upstream.fault({
      path: /\/run$/,
      times: always,
      fault: { kind: 'cut-request', bytes: 40 },
    })
    const answer = await stack.submit('always', small)

    expect(answer.status).toBe(502)
    expect(planted.hits).toBe(1)
  })

  test('after the submission is a 502, and it is not sent twice', async () => {
    const planted = stack.upstream.fault({
      path: /\/run$/,
      times: always,
      fault: { kind: 'cut-response', bytes: 0 },
    })
    const answer = await stack.submit('always', small)

    expect(answer.status).toBe(502)
    expect(planted.hits).toBe(1)
  })

  test('and never answers: the client leaves, and nothing is left behind', async () => {
    const planted = stack.upstream.fault({ path: /\/run$/, fault: { kind: 'stall' } })
    const call = stack.open('POST', '/v2/always/run', {
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    })
    await call.write(small)
    const answer = call.end()
    answer.catch(() => {})
    await planted.struck
    call.destroy()

    await expect(answer).rejects.toThrow()
  })

  test('when the key is to be proved is a 502, and nothing is staged', async () => {
    stack.upstream.fault({ path: /\/health$/, times: always, fault: { kind: 'reset' } })
    const before = stack.store.log.length
    const answer = await stack.submit('always', small, { key: 'rpa_unproved' })

    expect(answer.status).toBe(502)
    expect(stack.store.log.slice(before)).toEqual([])
  })

  test('in the middle of a status is never a whole answer', async () => {
    const id = await stack.submitted('hand', { input: { a: 1 } })
    // wrangler's own proxy asks again where nothing of an answer has come.
    const fault = { kind: 'cut-response', bytes: 5 } as const
    stack.upstream.fault({ path: /\/status\//, times: always, fault })
    const status = await stack.call('GET', `/v2/hand/status/${id}`).then(
      (answer) => answer.status,
      () => 'broken',
    )

    expect([502, 'broken']).toContain(status)
  })
})

test('Links answer 503 while the store is gone, and work when it is back', async () => {
  const id = await stack.submitted('link', { input: { file: base64Of(200_000) } })
  const { input } = await stack.platform.job(id)
  const { pathname } = new URL(`${input['file']}`)
  const status = async () => (await stack.call('GET', pathname, { key: '' })).status
  expect([200, 302]).toContain(await status())
  stack.store.fault({ times: always, fault: { kind: 'reset' } })
  // A grant that was read just before is remembered for a second.
  await expect.poll(status, { timeout: 10_000 }).toBe(503)
  stack.store.clear()

  expect([200, 302]).toContain(await status())
})
