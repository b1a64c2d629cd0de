import { beforeEach, describe, expect, test } from 'vitest'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import type { Reply } from '../../src/platform.ts'
import { answer, unavailable } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'

const json = { 'content-type': 'application/json' }
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

async function readReply({ body }: Reply): Promise<string> {
  if (body === undefined || body instanceof Uint8Array) return Buffer.from(body ?? []).toString()
  let text = ''
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    text += Buffer.from(chunk).toString()
  }
  return text
}

/** Submits a job; gives what the worker was told. */
async function submit() {
  const body = '{"input":{}}'
  await readReply(await submitJob(gateway.deps, callOf('demo', body), 'run'))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  return { s3: sent.s3Config }
}

const grant = () => gateway.another().grants.find('demo', 'job-1')
const status = () => readJob(gateway.deps, { ...callOf('demo'), method: 'GET' }, 'status', 'job-1')

describe('the status of a job', () => {
  test('comes without its secrets, and the grant has ended before its last byte', async () => {
    const { s3 } = await submit()
    const result = { id: 'job-1', output: { echo: s3.accessSecret }, status: 'COMPLETED' }
    gateway.upstream = () => answer(200, JSON.stringify(result), json)
    const reply = await status()
    const text = await readReply(reply)
    expect((await grant())?.state).toBe('ended')
    expect(text).not.toContain(s3.accessSecret)
    expect(JSON.parse(text)).toMatchObject({ id: 'job-1', status: 'COMPLETED' })
  })

  test('is not delivered whole when the grant cannot be ended', async () => {
    await submit()
    gateway.upstream = () => answer(200, '{"id":"job-1","status":"COMPLETED"}', json)
    gateway.store.before = (line) => {
      if (line.startsWith('put ')) throw unavailable()
    }
    await expect(status().then(readReply)).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  test('of an error answer changes nothing', async () => {
    await submit()
    gateway.upstream = () => answer(500, '{"id":"job-1","status":"COMPLETED"}', json)
    await readReply(await status())
    expect((await grant())?.state).toBe('active')
  })

  test('of a job without a grant passes byte for byte', async () => {
    const body = ' {"id":"job-1" , "status":"COMPLETED","n":-0}'
    gateway.upstream = () => answer(200, body, json)
    expect(await readReply(await status())).toBe(body)
  })
})
