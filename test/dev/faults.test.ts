import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFaultProxy, type FaultProxy } from '../../dev/faults/proxy.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly host: string | undefined
  readonly bytes: number
  readonly complete: boolean
}

let origin: Server
let proxy: FaultProxy
let seen: Seen[]
let reply: { status: number; body: Buffer }
let arrived: () => void

beforeEach(async () => {
  seen = []
  reply = { status: 200, body: Buffer.from('ok') }
  arrived = () => {}
  origin = createServer(async (incoming, outgoing) => {
    arrived()
    let bytes = 0
    try {
      for await (const chunk of incoming) bytes += chunk.length
    } catch {}
    const { method = '', url = '', headers, complete } = incoming
    seen.push({ method, url, host: headers.host, bytes, complete })
    outgoing.writeHead(reply.status, { 'x-kept': 'yes', 'content-length': reply.body.length })
    outgoing.end(reply.body)
  })
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const address = origin.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port')
  proxy = await createFaultProxy({ target: `http://127.0.0.1:${address.port}` })
})

afterEach(async () => {
  await proxy.close()
  origin.closeAllConnections()
  origin.close()
})

function call(
  method: string,
  path: string,
  body?: Buffer,
): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${proxy.url}${path}`, { method, headers: { host: 'store.test:9' } })
    outgoing.on('error', reject)
    outgoing.on('response', async (incoming) => {
      try {
        const chunks: Buffer[] = []
        for await (const chunk of incoming) chunks.push(chunk)
        const text = Buffer.concat(chunks).toString()
        resolve({ status: incoming.statusCode ?? 0, text, headers: incoming.headers })
      } catch (error) {
        reject(error)
      }
    })
    outgoing.end(body)
  })
}

test('A request passes with its method, path, query, Host and body as they were sent', async () => {
  const answer = await call('PUT', '/b/a%20b?partNumber=1', Buffer.alloc(3_000_000))

  expect(answer).toMatchObject({ status: 200, text: 'ok', headers: { 'x-kept': 'yes' } })
  expect(seen).toEqual([
    {
      method: 'PUT',
      url: '/b/a%20b?partNumber=1',
      host: 'store.test:9',
      bytes: 3_000_000,
      complete: true,
    },
  ])
})

test('The log names the parameters of a query without the signature, and counts bytes', async () => {
  await call('PUT', '/b/k?X-Amz-Signature=abc&partNumber=2&X-Amz-Credential=x', Buffer.alloc(10))

  expect(proxy.log).toEqual([
    {
      method: 'PUT',
      path: '/b/k',
      query: ['partNumber'],
      requestBytes: 10,
      responseBytes: 2,
      status: 200,
      fault: undefined,
      kept: undefined,
    },
  ])
})

test('An answered fault takes the place of the server, for the requests that match alone', async () => {
  proxy.fault({ method: 'PUT', path: /k2$/, fault: { kind: 'answer', status: 500, body: 'no' } })

  expect((await call('PUT', '/b/k1')).status).toBe(200)
  expect((await call('GET', '/b/k2')).status).toBe(200)
  expect(await call('PUT', '/b/k2', Buffer.alloc(2_000_000))).toMatchObject({
    status: 500,
    text: 'no',
  })
  expect((await call('PUT', '/b/k2')).status).toBe(200)
  expect(seen).toHaveLength(3)
})

test('A rule can wait for the nth match and strike several in a row', async () => {
  const planted = proxy.fault({
    query: /partNumber=/,
    nth: 2,
    times: 2,
    fault: { kind: 'slow-down' },
  })
  const statuses: number[] = []
  for (const part of [1, 2, 3, 4])
    statuses.push((await call('PUT', `/k?partNumber=${part}`)).status)

  expect(statuses).toEqual([200, 503, 503, 200])
  expect(planted.hits).toBe(2)
})

test('SlowDown is an S3 error in XML', async () => {
  proxy.fault({ fault: { kind: 'slow-down' } })
  const answer = await call('PUT', '/k')

  expect(answer.headers['content-type']).toBe('application/xml')
  expect(answer.text).toContain('<Code>SlowDown</Code>')
})

test('A reset ends the connection and never reaches the server', async () => {
  proxy.fault({ fault: { kind: 'reset' } })

  await expect(call('PUT', '/k', Buffer.alloc(100))).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(seen).toEqual([])
})

test('A stall answers nothing until the proxy is closed', async () => {
  const planted = proxy.fault({ fault: { kind: 'stall' } })
  const answer = call('GET', '/k')
  const failure = expect(answer).rejects.toThrow()
  await planted.struck
  await proxy.close()

  await failure
  expect(seen).toEqual([])
})

test('The headers and the first bytes of a body are kept where that is asked for', async () => {
  const keeping = await createFaultProxy({ target: proxy.url, keepBytes: 4 })
  const first = proxy
  proxy = keeping
  await call('POST', '/k', Buffer.from('abcdef'))
  proxy = first

  expect(keeping.log[0]?.kept?.headers['host']).toBe('store.test:9')
  expect(keeping.log[0]?.kept?.body.toString()).toBe('abcd')
  await keeping.close()
})

test('A request is cut after so many bytes of its body, on both sides', async () => {
  const origins = new Promise<void>((resolve) => {
    arrived = resolve
  })
  proxy.fault({ fault: { kind: 'cut-request', bytes: 70_000 } })

  await expect(call('PUT', '/k', Buffer.alloc(1_000_000))).rejects.toThrow()
  await origins
  await expect.poll(() => seen.length).toBe(1)
  expect(seen[0]?.complete).toBe(false)
  expect(seen[0]?.bytes).toBeLessThanOrEqual(70_000)
  expect(proxy.log[0]).toMatchObject({ requestBytes: 70_000, status: undefined })
})

test('A response is cut after so many bytes of its body', async () => {
  reply = { status: 200, body: Buffer.alloc(500_000) }
  proxy.fault({ fault: { kind: 'cut-response', bytes: 1_000 } })

  await expect(call('GET', '/k')).rejects.toThrow(/aborted/)
  expect(proxy.log[0]).toMatchObject({ responseBytes: 1_000, status: 200 })
})

test('A response that is cut at 0 bytes is lost whole, though the server did its work', async () => {
  proxy.fault({ fault: { kind: 'cut-response', bytes: 0 } })

  await expect(call('POST', '/run', Buffer.from('{}'))).rejects.toMatchObject({
    code: 'ECONNRESET',
  })
  expect(seen).toHaveLength(1)
})

test('A held response goes out when it is released', async () => {
  const planted = proxy.fault({ fault: { kind: 'hold' } })
  const answer = call('POST', '/run')
  await planted.struck
  expect(seen).toHaveLength(1)
  expect(proxy.log[0]?.status).toBeUndefined()
  planted.release()

  expect((await answer).status).toBe(200)
})

test('A client that leaves in the middle leaves the server too', async () => {
  const origins = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const outgoing = request(`${proxy.url}/k`, { method: 'PUT', headers: { 'content-length': 100 } })
  outgoing.on('error', () => {})
  outgoing.write(Buffer.alloc(50))
  await origins
  outgoing.destroy()

  await expect.poll(() => seen.length).toBe(1)
  expect(seen[0]).toMatchObject({ bytes: 50, complete: false })
})

const created =
  '<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>'

test('A multipart upload is open from its creation until it is completed', async () => {
  reply = { status: 200, body: Buffer.from(created) }
  await call('POST', '/b/a%20key?uploads=')
  expect(proxy.openUploads()).toEqual([{ key: '/b/a key', uploadId: 'u1' }])
  reply = { status: 500, body: Buffer.from('<Error/>') }
  await call('POST', '/b/a%20key?uploadId=u1')
  expect(proxy.openUploads()).toHaveLength(1)
  reply = { status: 200, body: Buffer.from('<Error><Code>InternalError</Code></Error>') }
  await call('POST', '/b/a%20key?uploadId=u1')
  expect(proxy.openUploads()).toHaveLength(1)
  reply = { status: 200, body: Buffer.from('<CompleteMultipartUploadResult/>') }
  await call('POST', '/b/a%20key?uploadId=u1')

  expect(proxy.openUploads()).toEqual([])
})

test('A multipart upload is open until it is aborted, whether or not the answer arrives', async () => {
  reply = { status: 200, body: Buffer.from(created) }
  await call('POST', '/b/k?uploads')
  reply = { status: 204, body: Buffer.alloc(0) }
  proxy.fault({ method: 'DELETE', fault: { kind: 'cut-response', bytes: 0 } })
  await expect(call('DELETE', '/b/k?uploadId=u1')).rejects.toThrow()

  await expect.poll(() => proxy.openUploads()).toEqual([])
})

test('An upload whose id never arrived is lost, not open', async () => {
  reply = { status: 200, body: Buffer.from(created) }
  proxy.fault({ query: /^uploads/, fault: { kind: 'cut-response', bytes: 0 } })
  await expect(call('POST', '/b/k?uploads')).rejects.toThrow()

  await expect.poll(() => proxy.lostUploads()).toEqual([{ key: '/b/k', uploadId: 'u1' }])
  expect(proxy.openUploads()).toEqual([])
})

test('A dead server looks like one: the connection is reset', async () => {
  origin.close()
  origin.closeAllConnections()

  await expect(call('GET', '/k')).rejects.toMatchObject({ code: 'ECONNRESET' })
})
