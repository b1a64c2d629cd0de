import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Mount } from '../../src/grants/grant.ts'
import { escapeXml } from '../../src/job-bucket/xml.ts'
import { encodeRfc3986 } from '../../src/sigv4/encode.ts'
import type { StoreRequest } from '../../src/store/store.ts'
import { type Answer, sendSigned, sha256 } from './raw-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// Every way to name a key, with every name that could lead to another job's files.
const inputs = 'real-day/real-grant/in/'
const outputs = 'real-day/real-grant/out/'
const session = 'real-session/s1/'
const reference = 'real-refs/other.bin'
const mounts: readonly Mount[] = [
  { path: 'in/1-ref.bin', key: reference, mode: 'read' },
  { path: 'in/', key: inputs, mode: 'read' },
  { path: 'session/', key: session, mode: 'read-write' },
  { path: '', key: outputs, mode: 'read-write' },
]
const foreign = [
  'real-day/real-grant2/out/x',
  'real-day/real-grant/x',
  'real-day/real-grant/in2/x',
  'real-day/real-grant/output',
  'real-session/s10/x',
  'real-session/s2/x',
  'real-refs/other.bin2',
  'real-refs/x',
  'x',
]
let served: ServedBucket

beforeAll(async () => {
  served = await serveBucket()
})

beforeEach(() => {
  const { memory } = served
  served.change({ mounts })
  memory.objects.clear()
  memory.uploads.clear()
  memory.requests.length = 0
  for (const key of foreign) {
    memory.put(key, 'SECRET')
    memory.uploads.set(`SECRET-${key}`, { key, headers: {}, parts: new Map() })
  }
  // Hidden by the longer mounts.
  memory.put(`${inputs}1-ref.bin`, 'SECRET')
  memory.put(`${outputs}in/x`, 'SECRET')
  memory.put(`${outputs}session/x`, 'SECRET')
  memory.put(reference, 'reference')
  for (const prefix of [inputs, outputs, session]) memory.put(`${prefix}own`, 'own')
})

afterAll(() => served[Symbol.asyncDispose]())

/** As a client spells it on the wire: decoded once, it is `key` again. */
const encode = (key: string) => encodeRfc3986(key).replaceAll('%2F', '/')

type Route = (key: string, spell: (key: string) => string) => Promise<Answer>

function ask(method: string, target: string, headers: Record<string, string> = {}) {
  return sendSigned(served, { method, target, headers, body: new Uint8Array(0) })
}

/** Operations on one key. */
const keyRoutes: Readonly<Record<string, Route>> = {
  GetObject: (key, spell) => ask('GET', `/b/${spell(key)}`),
  PutObject: (key, spell) => ask('PUT', `/b/${spell(key)}`),
  DeleteObject: (key, spell) => ask('DELETE', `/b/${spell(key)}`),
  CreateMultipartUpload: (key, spell) => ask('POST', `/b/${spell(key)}?uploads`),
  ListParts: (key, spell) => ask('GET', `/b/${spell(key)}?uploadId=SECRET-x`),
  AbortMultipartUpload: (key, spell) => ask('DELETE', `/b/${spell(key)}?uploadId=SECRET-x`),
  'CopyObject to it': (key, spell) =>
    ask('PUT', `/b/${spell(key)}`, { 'x-amz-copy-source': 'b/own' }),
  'CopyObject of it': (key, spell) =>
    ask('PUT', '/b/stolen', { 'x-amz-copy-source': `b/${spell(key)}` }),
  'CopyObject of it, presigned': (key, spell) =>
    ask('PUT', `/b/stolen?x-amz-copy-source=${encodeRfc3986(`/b/${spell(key)}`)}`),
  'UploadPartCopy of it': (key, spell) => {
    served.memory.uploads.set('u', { key: `${outputs}stolen`, headers: {}, parts: new Map() })
    const headers = { 'x-amz-copy-source': `b/${spell(key)}` }
    return ask('PUT', '/b/stolen?partNumber=1&uploadId=u', headers)
  },
  DeleteObjects: async (key) => {
    const text = `<Delete><Object><Key>${key.replaceAll('&', '&amp;')}</Key></Object></Delete>`
    const body = new Uint8Array(Buffer.from(text))
    const target = '/b?delete'
    const answer = await sendSigned(served, { method: 'POST', target, body, hash: sha256(body) })
    // The list is taken; what counts is what it says of the key.
    return { ...answer, status: answer.code === undefined ? 204 : 400 }
  },
}

const token = (kind: string, key: string) => kind + Buffer.from(key).toString('base64url')

/** Operations on a place in the bucket. */
const listRoutes: Readonly<Record<string, Route>> = {
  'ListObjects, prefix': (key) => ask('GET', `/b?prefix=${encodeRfc3986(key)}`),
  'ListObjects, marker': (key) => ask('GET', `/b?marker=${encodeRfc3986(key)}`),
  'ListObjectsV2, prefix': (key) => ask('GET', `/b?list-type=2&prefix=${encodeRfc3986(key)}`),
  'ListObjectsV2, start-after': (key) =>
    ask('GET', `/b?list-type=2&start-after=${encodeRfc3986(key)}`),
  'ListObjectsV2, token of a key': (key) =>
    ask('GET', `/b?list-type=2&continuation-token=${token('k', key)}`),
  'ListObjectsV2, token of a prefix': (key) =>
    ask('GET', `/b?list-type=2&delimiter=%2F&continuation-token=${token('p', key)}`),
  'ListMultipartUploads, prefix': (key) => ask('GET', `/b?uploads&prefix=${encodeRfc3986(key)}`),
  'ListMultipartUploads, key-marker': (key) =>
    ask('GET', `/b?uploads&key-marker=${encodeRfc3986(key)}`),
  'ListMultipartUploads, both markers': (key) =>
    ask('GET', `/b?uploads&key-marker=${encodeRfc3986(key)}&upload-id-marker=SECRET`),
}

/** Whether a request to the store stays within what the grant names. */
function isWithin({ key, copyFrom, query = {} }: StoreRequest): boolean {
  const { prefix, 'start-after': after, 'key-marker': marker } = query
  const places = key === '' ? [prefix, after, marker] : [key, copyFrom]
  if (key === '' && prefix === undefined) return false
  return places.every(
    (place) =>
      place === undefined ||
      place === reference ||
      ([inputs, outputs, session].some((start) => place.startsWith(start)) &&
        place.split('/').every((segment) => segment !== '..' && segment !== '.')),
  )
}

/** `said` is what the client said itself, and may be told again. */
function expectNothingTaken(answer: Answer, said: string): void {
  const { memory } = served
  const spellings = [encode(said), encodeRfc3986(said), escapeXml(said), said, token('k', said)]
  const text = spellings.reduce(
    (all, one) => (one === '' ? all : all.replaceAll(one, '')),
    answer.text,
  )
  expect(memory.requests.filter((request) => !isWithin(request))).toEqual([])
  expect(text).not.toMatch(/real-|<UploadId>[^<]*SECRET/)
  for (const key of foreign) expect([key, memory.text(key)]).toEqual([key, 'SECRET'])
  const own = [...memory.objects].filter(([key]) => !foreign.includes(key) && !/\/x$/.test(key))
  const taken = own.filter(([key]) => key !== `${inputs}1-ref.bin`)
  expect(taken.map(([, { bytes }]) => Buffer.from(bytes).toString())).not.toContain('SECRET')
}

const climbing = [
  '..',
  '.',
  '../x',
  './x',
  '../../real-grant2/out/x',
  'in/../../../real-grant2/out/x',
  'in/..',
  'in/./x',
  'in/../x',
  'session/../s2/x',
  'session/../../x',
  'in/1-ref.bin/../x',
  'a/b/../../../x',
  'a/.',
  'nul\0',
  '\0',
  'line\r\nfeed',
  'tab\t',
  'unit\u001f',
  'del\u007f',
]
const empty = ['/', '//', '/x', '//x', 'a//x', 'in//x', 'session//x', 'a//']

describe.each(Object.entries(keyRoutes))('%s', (name, route) => {
  test.each(empty)('takes %j for a key of its own, and of no other mount', async (key) => {
    expectNothingTaken(await route(key, encode), key)
  })

  test.each(climbing)('refuses %j however it is spelt', async (key) => {
    const spellings = [
      encode,
      encodeRfc3986,
      (text: string) => encode(text).replaceAll('.', '%2e'),
      (text: string) => encode(text).replaceAll('.', '%2E').replaceAll('/', '%2f'),
    ]
    for (const spell of name === 'DeleteObjects' ? [encode] : spellings) {
      const answer = await route(key, spell)
      expect(answer.status).toBe(400)
      expect(served.memory.requests).toEqual([])
    }
  })

  test.each([
    '%2e%2e/x',
    '%2e%2e%2fx',
    '%2E%2E/%2E%2E/real-grant2/out/x',
    '%252e%252e/x',
    '..%2fx',
    '..%00/x',
    '..\\x',
    '..\\..\\real-grant2\\out\\x',
    'in\\..\\x',
    '...',
    '..x',
    'x..',
    'real-day/real-grant2/out/x',
    'real-session/s2/x',
    '＀．．／x',
    '\u2025/x',
    '\u{1f600}',
    'IN/x',
    'in',
    'session',
    'in\u0301/x',
    '~/x',
    'x?versionId=1',
    'x#y',
    ' lead',
    'trail ',
  ])('takes %j for a name below its mount', async (key) => {
    const answer = await route(key, encode)
    expectNothingTaken(answer, key)
    expect(answer.status === 400 || answer.status === 403).toBe(false)
    const { requests } = served.memory
    expect(requests.flatMap((one) => [one.key, one.copyFrom])).toContain(outputs + key)
  })

  test('refuses the same names with a grant that has no root', async () => {
    served.change({ mounts: mounts.filter(({ path }) => path !== '') })
    for (const key of [...foreign, 'in', 'session', 'in\\x', 'IN/x', 'sessionx', '%2e%2e/x']) {
      const answer = await route(key, encode)
      expect(answer.code).toBe('AccessDenied')
    }
    expect(served.memory.requests).toEqual([])
  })

  test.each([
    [1025, 'k'.repeat(1025)],
    [1024, 'k'.repeat(1024)],
    [1024, 'é'.repeat(512)],
    [1024, '\u{1f600}'.repeat(256)],
    [1001, 'k'.repeat(1001)],
  ])('says of a key of %i bytes, longer in the store, that it is too long', async (_, key) => {
    const answer = await route(key, encode)
    expect([answer.status, answer.code]).toEqual([400, 'KeyTooLongError'])
    expect(served.memory.requests).toEqual([])
  })

  test('takes a key that just fits', async () => {
    const key = 'k'.repeat(1024 - outputs.length)
    expect([200, 204, 404]).toContain((await route(key, encode)).status)
    const { requests } = served.memory
    expect(requests.flatMap((one) => [one.key, one.copyFrom])).toContain(outputs + key)
  })

  test('keeps the normal forms of Unicode apart', async () => {
    for (const key of ['\u00e9', 'e\u0301', '\ufb01', 'fi', '\u212b', '\u00c5', '\u1e9b\u0323']) {
      served.memory.requests.length = 0
      await route(key, encode)
      const named = served.memory.requests.flatMap((one) => [one.key, one.copyFrom])
      expect(named).toContain(outputs + key)
    }
  })
})

describe.each(Object.entries(keyRoutes).filter(([name]) => name !== 'DeleteObjects'))(
  '%s',
  (_, route) => {
    test.each(['%ff', '%c0%ae%c0%ae/x', '%ed%a0%80', '%e2%82', '%', '%zz', '%u002e', '%2'])(
      'refuses %s, which is no UTF-8',
      async (key) => {
        const answer = await route(key, (text) => text)
        expect(answer.status).toBe(400)
        expect(served.memory.requests).toEqual([])
      },
    )
  },
)

describe.each(Object.entries(listRoutes))('%s', (name, route) => {
  test.each(climbing)('refuses %j', async (key) => {
    const answer = await route(key, encode)
    expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument'])
    expect(served.memory.requests).toEqual([])
  })

  test.each([
    ...empty,
    ...foreign,
    '',
    'in',
    'in/',
    'in/1-ref.bin',
    'in/1-ref.bin2',
    'in/1',
    'session',
    'session/',
    'session/s',
    's',
    '%2e%2e/',
    '..\\',
    '\u{10ffff}',
    '\ufeff',
    'real-day/real-grant/out/own',
    'k'.repeat(1024),
    '\u{1f600}'.repeat(256),
    `session/${'k'.repeat(1016)}`,
  ])('shows nothing of others at %j', async (key) => {
    const answer = await route(key, encode)
    expect(answer.status).toBe(200)
    expectNothingTaken(answer, key)
    const keys = [...answer.text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, found]) => found)
    const own = ['in/1-ref.bin', 'in/own', 'own', 'session/own']
    expect(keys.filter((found) => !own.includes(found ?? ''))).toEqual([])
    for (const { query = {} } of served.memory.requests) {
      for (const place of Object.values(query)) {
        expect(Buffer.byteLength(place)).toBeLessThanOrEqual(1024)
      }
    }
  })

  test('refuses 1,025 bytes, which are too long for a key', async () => {
    const answer = await route('k'.repeat(1025), encode)
    // A token like that is not one of this bucket's.
    const code = name.includes('token') ? 'InvalidArgument' : 'KeyTooLongError'
    expect([answer.status, answer.code]).toEqual([400, code])
    expect(served.memory.requests).toEqual([])
  })
})

test.each([
  'x',
  'k',
  'kA',
  'k=',
  'k!!',
  `k${Buffer.from('own').toString('base64')}=`,
  `z${Buffer.from('own').toString('base64url')}`,
  `k${Buffer.from([0xff]).toString('base64url')}`,
  `k${Buffer.from([0xed, 0xa0, 0x80]).toString('base64url')}`,
  `p${Buffer.from([0xc0, 0xae, 0xc0, 0xae]).toString('base64url')}`,
  'real-day/real-grant2/out/x',
])('takes %j for no continuation token of its own', async (forged) => {
  const target = `/b?list-type=2&continuation-token=${encodeRfc3986(forged)}`
  const answer = await ask('GET', target)
  // An empty position is one, if nobody's.
  expect([answer.status, answer.code]).toEqual(
    forged === 'k' ? [200, undefined] : [400, 'InvalidArgument'],
  )
  expectNothingTaken(answer, forged)
})

test('lists just what the mounts show, each key once', async () => {
  for (const target of ['/b', '/b?list-type=2']) {
    const { text } = await ask('GET', target)
    const keys = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key)
    expect(keys).toEqual(['in/1-ref.bin', 'in/own', 'own', 'session/own'])
  }
})

test('reads a reference by its one name, and writes to it by none', async () => {
  expect((await ask('GET', '/b/in/1-ref.bin')).text).toBe('reference')
  served.memory.put(`${inputs}1-ref.bin2`, 'beside')
  expect((await ask('GET', '/b/in/1-ref.bin2')).text).toBe('beside')
  expect((await ask('GET', '/b/in/1-ref.bin/x')).code).toBe('NoSuchKey')
  expect((await ask('GET', '/b/in/1-ref.bin/')).code).toBe('NoSuchKey')
  for (const method of ['PUT', 'DELETE']) {
    expect((await ask(method, '/b/in/1-ref.bin')).code).toBe('AccessDenied')
  }
  const copy = await ask('PUT', '/b/in/1-ref.bin', { 'x-amz-copy-source': 'b/own' })
  expect(copy.code).toBe('AccessDenied')
  await ask('PUT', '/b/taken', { 'x-amz-copy-source': 'b/in/1-ref.bin' })
  expect(served.memory.text(`${outputs}taken`)).toBe('reference')
  expect(served.memory.text(reference)).toBe('reference')
})

test('copies from an input into the session, and never back', async () => {
  const copy = (to: string, from: string) => ask('PUT', `/b/${to}`, { 'x-amz-copy-source': from })
  expect((await copy('session/new', 'b/in/own')).status).toBe(200)
  expect(served.memory.text(`${session}new`)).toBe('own')
  expect((await copy('in/new', 'b/session/own')).code).toBe('AccessDenied')
  expect((await ask('DELETE', '/b/session/new')).status).toBe(204)
  expect(served.memory.objects.has(`${session}new`)).toBe(false)
})
