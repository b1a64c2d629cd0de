import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { decodedAnswer } from '../../src/flows/decoded-answer.ts'
import { listRequests } from '../../src/flows/list-requests.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { createApp } from '../../src/http/app.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

let gateway: FakeGateway
let secret: string
const json = { 'content-type': 'application/json' }
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const pack: Record<string, (text: string) => Uint8Array> = {
  gzip: (text) => zlib.gzipSync(text),
  deflate: (text) => zlib.deflateSync(text),
  br: (text) => zlib.brotliCompressSync(text),
  zstd: (text) => zlib.zstdCompressSync(text),
  'deflate, gzip': (text) => zlib.gzipSync(zlib.deflateSync(text)),
  identity: (text) => Buffer.from(text),
}

beforeEach(async () => {
  gateway = fakeGateway()
  await readReply(await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'run'))
  const { s3Config } = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  secret = s3Config.accessSecret
})

const text = () => `{"id":"job-1","status":"IN_PROGRESS","output":"a ${secret} b"}`
const clean = () => text().replace(secret, '*'.repeat(secret.length))

function packed(coding: string, body: string): void {
  const bytes = pack[coding]?.(body) ?? Buffer.from(body)
  const headers = { ...json, 'content-encoding': coding, 'content-length': `${bytes.length}` }
  gateway.upstream = () => answer(200, bytes, headers)
}

describe('an answer that comes compressed though nobody asked', () => {
  test.each(Object.keys(pack))('is cleaned and goes on plain: %s', async (coding) => {
    packed(coding, text())
    const reply = await readJob(
      gateway.deps,
      { ...callOf('demo'), method: 'GET' },
      'status',
      'job-1',
    )
    expect(reply.headers.has('content-encoding')).toBe(coding === 'identity')
    expect(reply.headers.get('content-length')).toBeNull()
    expect(await readReply(reply)).toBe(clean())
    expect(gateway.sent.at(-1)?.headers.get('accept-encoding')).toBe('identity')
  })

  test('is cleaned in a listing too', async () => {
    packed('gzip', `{"requests":[${text()}]}`)
    const call = { ...callOf('demo'), method: 'GET' }
    expect(await readReply(await listRequests(gateway.deps, call))).toBe(
      `{"requests":[${clean()}]}`,
    )
  })

  test('is cleaned of the gateway’s own key where no job is known', async () => {
    const own = `bw_${'a'.repeat(43)}`
    const body = '{"requests":[{"id":"none","output":"any-secret"}]}'
    gateway = fakeGateway({
      endpoints: { demo: { upstream: 'https://upstream.example/v2', upstreamKey: { env: 'ANY' } } },
      auth: {
        mode: 'keys',
        keys: [{ name: 'a', sha256: sha256(own), endpoints: ['*'], scopes: ['admin'] }],
      },
    })
    packed('gzip', body)
    const call = { ...callOf('demo', undefined, { authorization: `Bearer ${own}` }), method: 'GET' }
    const reply = await listRequests(gateway.deps, call)
    expect(await readReply(reply)).toBe(body.replace('any-secret', '**********'))
  })

  test.each(['compress', 'gzip, gzip, gzip', 'x'.repeat(100)])('in %s is a 502', async (coding) => {
    packed(coding, text())
    const call = { ...callOf('demo'), method: 'GET' }
    await expect(readJob(gateway.deps, call, 'status', 'job-1')).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringMatching(/Cannot read an answer in the coding [a-z]{4,8}, which/),
    })
  })

  test('that is broken is a 502 while nothing of it has left', async () => {
    gateway.upstream = () => answer(200, text(), { ...json, 'content-encoding': 'gzip' })
    const call = { ...callOf('demo'), method: 'GET' }
    await expect(readJob(gateway.deps, call, 'status', 'job-1')).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
  })

  test('is a 502 where the runtime can undo nothing', async () => {
    const { decode: _, ...platform } = gateway.deps.platform
    packed('gzip', text())
    const response = await gateway.upstream({
      method: 'GET',
      url: '',
      headers: new Headers(),
      body: undefined,
    })
    await expect(decodedAnswer(platform, response)).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
  })
})

test('a webhook that comes compressed is read', async () => {
  const webhook = 'https://client.example/hook'
  gateway.upstream = () => answer(200, '{"id":"job-2","status":"IN_QUEUE"}', json)
  const call = callOf('demo', JSON.stringify({ input: {}, webhook }))
  await readReply(await submitJob(gateway.deps, call, 'run'))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  gateway.upstream = () => answer(200, 'thanks')
  const body = `{"id":"job-2","status":"COMPLETED","output":"${sent.s3Config.accessSecret}"}`
  const app = createApp(gateway.deps, {
    bodyOf: () => answer(200, zlib.gzipSync(body)).body,
    targetOf: () => '/',
  })
  const { pathname } = new URL(sent.webhook)
  const headers = { ...json, 'content-encoding': 'gzip' }
  const response = await app.request(pathname, { method: 'POST', headers, body: 'x' })
  expect(response.status).toBe(200)
  const relayed = Buffer.from(gateway.sent.at(-1)?.body ?? []).toString()
  expect(gateway.sent.at(-1)?.url).toBe(webhook)
  expect(JSON.parse(relayed)).toMatchObject({ id: 'job-2', output: expect.stringMatching(/^\*+$/) })
})
