import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { type Answer, json } from './call.ts'
import { useStack } from './harness.ts'
import { base64Of, multipartBytes } from './payload.ts'

const stack = useStack({ worker: 'none' })

// After each of these nothing was submitted, nothing is left and no upload is open.
afterEach(async () => {
  const submissions = stack.submissions()
  stack.upstream.clear()
  stack.store.clear()
  try {
    expect(submissions).toBe(0)
    await stack.expectNoFiles()
  } finally {
    await stack.bucket.clear()
  }
})

const large = base64Of(multipartBytes)
const small = base64Of(100_000, 2)

function expectProblem(answer: Answer, status: number, code: string): Record<string, unknown> {
  expect(answer.status, answer.text).toBe(status)
  expect(answer.headers['content-type'] ?? 'application/problem+json').toMatch(
    /^application\/problem\+json/,
  )
  const problem = json(answer)
  expect(problem).toMatchObject({
    status,
    code,
    title: expect.any(String),
    detail: expect.any(String),
    error: expect.any(String),
  })
  return problem
}

// Sends the beginning of a large body and waits for what is answered before its end.
async function begin(key: string): Promise<Answer> {
  const body = `{"input":{"file":"${large}"}}`
  const call = stack.open('POST', '/v2/hand/run', {
    key,
    headers: { 'content-type': 'application/json', 'content-length': `${body.length}` },
  })
  await call.write(body.slice(0, 2_000_000)).catch(() => {})
  const answer = await call.answer
  call.destroy()
  return answer
}

test('Truncated JSON is refused with the offset of its end, though a payload was staged', async () => {
  const body = `{"input":{"file":"${large}","next":`
  const problem = expectProblem(await stack.submit('hand', body), 400, 'invalid_json')

  expect(problem['offset']).toBe(body.length)
})

test('JSON that is cut inside a payload is refused', async () => {
  const body = `{"input":{"file":"${large}`

  expectProblem(await stack.submit('hand', body), 400, 'invalid_json')
})

test('What JSON.parse refuses after a staged payload is refused with its offset', async () => {
  for (const tail of [',}}', '}}x', ',"a":01}}', ',"a":"\t"}}', ',"a":tru}}', ',"a":"\\x"}}']) {
    const body = `{"input":{"file":"${small}"${tail}`
    const problem = expectProblem(await stack.submit('always', body), 400, 'invalid_json')
    expect(problem['offset'], tail).toBeGreaterThan(small.length)
  }
})

test('Invalid UTF-8 is refused, before, in and after a payload', async () => {
  const bad = Buffer.from([0xc3, 0x28])
  for (const [head, tail] of [
    ['{"input":{"a":"', `","file":"${small}"}}`],
    [`{"input":{"file":"${small}`, '"}}'],
    [`{"input":{"file":"${small}","a":"`, '"}}'],
  ] as const) {
    const body = Buffer.concat([Buffer.from(head), bad, Buffer.from(tail)])
    const answer = await stack.call('POST', '/v2/always/run', { body })
    expect(answer.status).toBe(400)
    expect(['invalid_json', 'invalid_payload']).toContain(json(answer)['code'])
  }
})

test('JSON that is nested a million deep is refused', async () => {
  const body = `{"input":{"file":"${small}","deep":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}}`
  const problem = expectProblem(await stack.submit('always', body), 400, 'nesting_too_deep')

  expect(problem).toMatchObject({ limit: 512 })
})

test('A key of 600 MB is refused long before its end', async () => {
  const call = stack.open('POST', '/v2/always/run', {
    headers: { 'content-type': 'application/json', 'content-length': '600200000' },
  })
  await call.write(`{"input":{"file":"${small}","`)
  await call.write('k'.repeat(2_000_000))
  const problem = expectProblem(await call.answer, 400, 'key_too_long')
  call.destroy()

  expect(problem).toMatchObject({ limit: 1024 })
})

test('A payload that stops being base64 at its last byte is refused by its pointer', async () => {
  const body = `{"input":{"a":[{"file":"${large.replace(/=*$/, '').slice(0, -1)}!"}]}}`
  const problem = expectProblem(await stack.submit('hand', body), 400, 'invalid_payload')

  expect(problem['pointer']).toBe('/input/a/0/file')
})

test('Wrong padding is refused by its pointer', async () => {
  const whole = Buffer.alloc(90_000, 1).toString('base64')
  for (const text of [`${whole}=`, `${whole}A`, `${whole}A===`, `${whole}AA=A`, `${whole}==AA`]) {
    const answer = await stack.submit('always', `{"input":{"file":"${text}"}}`)
    expectProblem(answer, 400, 'invalid_payload')
    expect(json(answer)['pointer']).toBe('/input/file')
  }
})

test('A body that is parsed needs an input that is an object', async () => {
  for (const input of ['', '"input":null,', '"input":[],', '"input":"x",', '"input":3,']) {
    const body = `{${input}"webhook":"https://example.com/hook"}`
    expectProblem(await stack.submit('always', body), 400, 'invalid_request')
  }
})

test('A body that is parsed must be an object', async () => {
  for (const body of ['[{"webhook":"https://example.com"}]', '"webhook"', ' ']) {
    const answer = await stack.submit('always', body, { chunked: true })
    expect(answer.status).toBe(400)
  }
})

test('A body shorter than its Content-Length is not submitted', async () => {
  const call = stack.open('POST', '/v2/hand/run', {
    headers: { 'content-type': 'application/json', 'content-length': '20000000' },
  })
  await call.write(`{"input":{"file":"${large}"}}`)
  await expect
    .poll(() => stack.store.log.some(({ query }) => query.includes('partNumber')))
    .toBe(true)
  call.destroy()

  await expect(call.answer).rejects.toThrow()
})

test('A body longer than its Content-Length is cut there, and refused', async () => {
  const body = '{"input":{"webhook":"abc"}}'
  const answer = await stack.raw(
    `POST /v2/hand/run HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length - 2}\r\n\r\n${body}`,
  )

  // What follows is no request either: whichever the server answers first, it is a 400.
  expect(answer.status).toBe(400)
})

test('An over-limit body for an endpoint that declares no form is a 413 that says how to declare', async () => {
  const problem = expectProblem(
    await stack.submit('bare', { input: { file: large } }),
    413,
    'body_too_large',
  )

  expect(problem['detail']).toMatch(/as/)
  expect(problem).toMatchObject({ limit: expect.any(Number), actual: expect.any(Number) })
})

test('A client that leaves in the middle of a payload leaves nothing behind', async () => {
  const call = stack.open('POST', '/v2/hand/run', {
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  })
  await call.write(`{"input":{"file":"${large}`)
  await expect.poll(() => stack.store.log.some(({ query }) => query.includes('uploads'))).toBe(true)
  call.destroy()

  await expect(call.answer).rejects.toThrow()
})

test('A client that leaves between two payloads leaves nothing behind', async () => {
  const call = stack.open('POST', '/v2/always/run', {
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  })
  await call.write(`{"input":{"file":"${small}","next":"${large.slice(0, 1_000_000)}`)
  await expect.poll(() => stack.bucket.fileKeys()).not.toHaveLength(0)
  call.destroy()

  await expect(call.answer).rejects.toThrow()
})

test('A compressed body is a 415 that says so', async () => {
  const answer = await stack.call('POST', '/v2/hand/run', {
    body: gzipSync(JSON.stringify({ input: { a: 1 } })),
    headers: { 'content-encoding': 'gzip' },
  })
  const problem = expectProblem(answer, 415, 'content_encoding')

  expect(problem['detail']).toMatch(/gzip|compress/i)
})

test('A content type that is none is a 415', async () => {
  const answer = await stack.call('POST', '/v2/hand/run', {
    body: large,
    headers: { 'content-type': 'photo.png' },
  })

  expectProblem(answer, 415, 'unsupported_media_type')
})

test('A key that upstream refuses stages nothing', async () => {
  const refused = stack.upstream.fault({
    path: /\/health$/,
    times: Number.POSITIVE_INFINITY,
    fault: { kind: 'answer', status: 401, body: '{"error":"unauthorized"}' },
  })
  const before = stack.store.log.length
  const answer = await begin('rpa_refused')

  expect(answer.status).toBe(401)
  expect(refused.hits).toBe(1)
  expect(stack.store.log.slice(before)).toEqual([])
})

test('A request without a key stages nothing', async () => {
  const before = stack.store.log.length
  const answer = await stack.submit('hand', { input: { file: large } }, { key: '' })

  expectProblem(answer, 401, 'unauthorized')
  expect(stack.store.log.slice(before)).toEqual([])
})

test('An endpoint id that is none leads nowhere', async () => {
  for (const id of ['..', '%2e%2e', 'a%2fb', 'a'.repeat(65), 'ä']) {
    const answer = await stack.call('POST', `/v2/${encodeURI(id)}/run`, { body: '{"input":{}}' })
    expect([400, 404]).toContain(answer.status)
  }
})

test('A webhook that is not public is refused', async () => {
  for (const webhook of ['ftp://example.com/', 'not a url', 'http://10.0.0.1/hook']) {
    const answer = await stack.submit('always', { input: { a: 1 }, webhook })
    expectProblem(answer, 400, 'webhook_refused')
  }
})
