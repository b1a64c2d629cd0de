import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { serveOnNode } from '../../src/runtimes/node-server.ts'
import { fakeGateway } from '../flows/fake-deps.ts'
import { type SignedHeaders, sendAsIs, sendSigned, signHeaders } from './raw-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// What intermediaries do to signed requests, and what clients sign though they should not.
let served: ServedBucket

beforeAll(async () => {
  served = await serveBucket()
})

afterEach(() => {
  served.memory.objects.clear()
  served.tellAcceptEncoding(undefined)
})

afterAll(() => served[Symbol.asyncDispose]())

const body = Buffer.from('hello')
const stored = (key: string) => served.memory.text(`real-day/real-grant/out/${key}`)

/** Signs a PUT, lets an intermediary change its headers, and sends it. */
async function putThrough(
  signed: Record<string, string>,
  change: (headers: SignedHeaders['headers']) => void,
) {
  const { headers } = signHeaders(served, { method: 'PUT', target: '/b/x', headers: signed })
  change(headers)
  return await sendAsIs(served, { method: 'PUT', target: '/b/x', headers, body })
}

test.for(['identity', 'gzip', 'gzip, deflate'])(
  'takes the signed Accept-Encoding %s that an edge has rewritten or dropped',
  async (sent) => {
    for (const arrived of ['br, gzip', undefined]) {
      const answer = await putThrough({ 'accept-encoding': sent }, (headers) => {
        if (arrived === undefined) delete headers['accept-encoding']
        else headers['accept-encoding'] = arrived
      })
      expect(answer.status).toBe(200)
    }
  },
)

test('takes any signed Accept-Encoding that the edge tells of, and no other', async () => {
  const rewrite = (headers: SignedHeaders['headers']) => {
    headers['accept-encoding'] = 'br, gzip'
  }
  const sent = { 'accept-encoding': 'zstd, *;q=0.5' }
  expect((await putThrough(sent, rewrite)).code).toBe('SignatureDoesNotMatch')
  served.tellAcceptEncoding(sent['accept-encoding'])
  expect((await putThrough(sent, rewrite)).status).toBe(200)
})

test('takes a signed Transfer-Encoding that an intermediary has taken off', async () => {
  const answer = await putThrough({ 'transfer-encoding': 'chunked' }, (headers) => {
    delete headers['transfer-encoding']
  })
  expect(answer.status).toBe(200)
  expect(stored('x')).toBe('hello')
})

test('takes repeated headers that were signed joined by commas alone', async () => {
  const headers = { 'x-amz-meta-a': ['one', 'two'] }
  const answer = await sendSigned(served, { method: 'PUT', target: '/b/x', headers, body })
  expect(answer.status).toBe(200)
})

test.for([
  ['/b/a+b', 'a+b'],
  ['/b/a%2Bb', 'a+b'],
  ['/b/a%20b', 'a b'],
  ['/b/a%2Fb', 'a/b'],
  ['/b/a%2fb', 'a/b'],
  ['/b/~x', '~x'],
  ['/b/%7Ex', '~x'],
  ["/b/!'()*", "!'()*"],
  ['/b/a%252Fb', 'a%2Fb'],
  ['/b/%E1%88%B4', '\u1234'],
] as const)('verifies the path %s as it was sent', async ([target, key]) => {
  expect((await sendSigned(served, { method: 'PUT', target, body })).status).toBe(200)
  expect(stored(key)).toBe('hello')
})

// Through the gateway's own server, whose framework reads URLs too.
async function serveGateway() {
  const gateway = fakeGateway()
  gateway.clock.now = Date.now()
  const node = await serveOnNode(gateway.deps, { hostname: '127.0.0.1', port: 0 })
  return {
    url: `http://127.0.0.1:${node.port}/s3`,
    accessId: served.accessId,
    accessSecret: served.accessSecret,
    [Symbol.asyncDispose]: () => node.close(0),
  }
}

test.for(['/b/in/../x', '/b/in/%2e%2e/x', '/b/./x', '/b/%2E/x'])(
  'verifies the path %s before it refuses the key, and verifies no normalised one',
  async (target) => {
    const { headers } = signHeaders(served, { target })
    expect(await sendAsIs(served, { target, headers })).toMatchObject({
      status: 400,
      code: 'InvalidArgument',
    })
    const normal = await sendAsIs(served, { target: '/b/x', headers })
    expect(normal).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' })
  },
)

test.for(['/b//x', '/b/x//'])(
  'takes the path %s as it is, and for no other one',
  async (target) => {
    const { headers } = signHeaders(served, { target })
    expect(await sendAsIs(served, { target, headers })).toMatchObject({ code: 'NoSuchKey' })
    const normal = await sendAsIs(served, { target: '/b/x', headers })
    expect(normal).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' })
  },
)

test.for(['/b/in/../x', '/b/in/%2e%2e/x', '/b//x', '/b/a%2Fb', '/b/a+b'])(
  'gets the path %s through the whole gateway as it was sent',
  async (target) => {
    await using gateway = await serveGateway()
    const { headers } = signHeaders(gateway, { target })
    // The key is another gateway's: that it is read at all shows the way to the job bucket.
    const answer = await sendAsIs(gateway, { target, headers })
    expect(answer.status).toBe(403)
    expect(answer.text).toContain(`<Resource>/s3${target}</Resource>`)
  },
)

test('says 100 to a client that waits for it before it sends', async () => {
  const { headers } = signHeaders(served, { method: 'PUT', target: '/b/x' })
  const sent = { method: 'PUT', target: '/b/x', body }
  const all = { ...headers, expect: '100-continue' }
  expect(await sendAsIs(served, { ...sent, headers: all })).toMatchObject({
    status: 200,
    isContinued: true,
  })
  expect(stored('x')).toBe('hello')
  await using gateway = await serveGateway()
  const answer = await sendAsIs(gateway, { ...sent, headers: all })
  expect(answer).toMatchObject({ status: 403, isContinued: true })
})
