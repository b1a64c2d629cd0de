import { expect, test } from 'vitest'
import { untouched } from '../../src/flows/pass-through.ts'
import type { IncomingResponse } from '../../src/platform.ts'
import { answer } from '../intake/memory-store.ts'
import { fakeGateway } from './fake-deps.ts'

const { deps } = fakeGateway()
const text = '{"status":"IN_QUEUE"}'

function answerOf(length: number | undefined, bytes = text): IncomingResponse {
  const headers = length === undefined ? {} : { 'content-length': String(length) }
  return answer(200, new TextEncoder().encode(bytes), headers)
}

test('an answer of a small announced length is bytes, any other a stream that nobody touches', async () => {
  const small = await untouched(deps, answerOf(text.length))
  expect(small.body).toEqual(new TextEncoder().encode(text))
  expect(small.headers.get('content-length')).toBe(String(text.length))
  const unknown = answerOf(undefined)
  expect((await untouched(deps, unknown)).body).toBe(unknown.body)
  const large = answerOf(deps.platform.holdBytes + 1)
  expect((await untouched(deps, large)).body).toBe(large.body)
})

test('no answer is held where the runtime passes streams on for nothing', async () => {
  const platform = { ...deps.platform, holdBytes: 0 }
  const small = answerOf(text.length)
  expect((await untouched({ ...deps, platform }, small)).body).toBe(small.body)
})

test('a small answer that is longer than announced is no answer', async () => {
  await expect(untouched(deps, answerOf(3))).rejects.toMatchObject({ code: 'upstream_unreachable' })
})
