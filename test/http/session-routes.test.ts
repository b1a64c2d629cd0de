import { beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { requestAccess } from './request-access.ts'

const endpoints = {
  '*': { upstream: 'https://upstream.example/v2', store: 'main' },
  train: { as: 'key', sessions: { keepSeconds: 3600, waitSeconds: 0 } },
}
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway({ endpoints })
})

async function ask(method: string, path: string, more: Record<string, string> = {}) {
  const body = method === 'POST' ? '{"input":{"a":1}}' : undefined
  const headers = new Headers({ authorization: 'Bearer a-key', ...more })
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (body !== undefined) headers.set('content-length', `${body.length}`)
  const request = new Request(`http://gateway.example/v2/train/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  return await createApp(gateway.deps, requestAccess).fetch(request)
}
const session = { 'bulkway-session': 'run-42' }

/** A job that has left two files; gives the prefix they lie under. */
async function ran(): Promise<string> {
  await (await ask('POST', 'run', session)).text()
  const grant = await gateway.deps.grants.find('train', 'job-1')
  const prefix = grant?.mounts.find(({ path }) => path === 'session/')?.key ?? ''
  for (const [name, bytes] of [
    ['ckpt/1', 100],
    ['log', 23],
  ] as const) {
    await gateway.store.put(prefix + name, new Uint8Array(bytes))
  }
  return prefix
}

async function ended(): Promise<void> {
  const grant = await gateway.deps.grants.find('train', 'job-1')
  await gateway.deps.grants.update(grant?.grantId ?? '', (one) => ({ ...one, state: 'ended' }))
}

const sessionKeys = () => [...gateway.store.objects.keys()].filter((key) => /session/.test(key))

describe('GET', () => {
  test('tells what a session holds and which job has it', async () => {
    await ran()
    const answer = await ask('GET', 'sessions/run-42')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toEqual({
      session: 'run-42',
      files: 2,
      bytes: 123,
      hasMore: false,
      isRunning: true,
      jobs: ['job-1'],
      createdAt: '2026-11-21T12:00:00.000Z',
      usedAt: '2026-11-21T12:00:00.000Z',
      // A day and an hour in which the job can write, and the hour that the endpoint keeps it.
      expiresAt: '2026-11-22T14:00:00.000Z',
    })
    await ended()
    expect(await (await ask('GET', 'sessions/run-42')).json()).toMatchObject({
      isRunning: false,
      jobs: [],
    })
  })

  test('tells nobody but its owner that it is there', async () => {
    await ran()
    const others = { authorization: 'Bearer another-key' }
    for (const method of ['GET', 'DELETE']) {
      const answer = await ask(method, 'sessions/run-42', others)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ code: 'not_found' })
    }
    expect((await ask('GET', 'sessions/run-43')).status).toBe(404)
    expect((await ask('GET', 'sessions/run%2F43')).status).toBe(400)
    expect((await ask('GET', 'sessions/.run')).status).toBe(400)
  })

  test('believes nobody whom upstream does not know', async () => {
    await ran()
    const proven = gateway.another()
    gateway.upstream = () => ({ status: 401, headers: new Headers(), body: emptyBody })
    const request = new Request('http://gateway.example/v2/train/sessions/run-42', {
      headers: { authorization: 'Bearer a-key' },
    })
    expect((await createApp(proven, requestAccess).fetch(request)).status).toBe(401)
  })
})

const emptyBody = {
  read: async () => undefined,
  cancel: async () => {},
  stream: () => new ReadableStream<Uint8Array>(),
}

describe('DELETE', () => {
  test('leaves a session that a job has', async () => {
    await ran()
    const answer = await ask('DELETE', 'sessions/run-42')
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({ code: 'session_running' })
    expect(sessionKeys()).toHaveLength(3)
  })

  test('removes its files and its record, and nothing else', async () => {
    const prefix = await ran()
    await ended()
    await gateway.store.put(`${prefix.slice(0, -1)}3/other`, new Uint8Array(1))
    await gateway.store.createUpload(`${prefix}half`, '')
    expect((await ask('DELETE', 'sessions/run-42')).status).toBe(204)
    expect(sessionKeys()).toEqual([`${prefix.slice(0, -1)}3/other`])
    expect(gateway.store.open.size).toBe(0)
    expect((await ask('GET', 'sessions/run-42')).status).toBe(404)
    expect((await ask('DELETE', 'sessions/run-42')).status).toBe(404)
  })

  test('that stops halfway is taken up again, and nobody has the session meanwhile', async () => {
    await ran()
    await ended()
    let deletions = 0
    gateway.store.before = (line) => {
      if (line.startsWith('delete sessions/') && ++deletions > 1) throw new Error('gone')
    }
    expect((await ask('DELETE', 'sessions/run-42')).status).toBe(500)
    gateway.store.before = () => {}
    const busy = await ask('POST', 'run', session)
    expect(busy.status).toBe(503)
    expect(busy.headers.get('retry-after')).toBe('10')
    expect(await busy.json()).toMatchObject({ code: 'session_busy' })
    expect((await ask('DELETE', 'sessions/run-42')).status).toBe(204)
    expect(sessionKeys()).toEqual([])
    gateway.upstream = ({ url }) => upstreamOf(url)
    expect((await ask('POST', 'run', session)).status).toBe(200)
  })

  test('and a job that comes meanwhile never meet', async () => {
    await ran()
    await ended()
    gateway.upstream = ({ url }) => upstreamOf(url)
    const [deleted, submitted] = await Promise.all([
      ask('DELETE', 'sessions/run-42'),
      ask('POST', 'run', session),
    ])
    const statuses = [deleted.status, submitted.status]
    expect([
      [204, 200],
      [204, 503],
      [409, 200],
    ]).toContainEqual(statuses)
  })
})

let jobs = 1
function upstreamOf(url: string) {
  const text = url.endsWith('/health') ? '{}' : `{"id":"job-${++jobs}","status":"IN_QUEUE"}`
  const bytes = new TextEncoder().encode(text)
  let isRead = false
  const headers = new Headers({ 'content-type': 'application/json' })
  const read = async () => {
    if (isRead) return undefined
    isRead = true
    return bytes
  }
  return { status: 200, headers, body: { ...emptyBody, read } }
}
