import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { onceBody } from '../../src/bytes/once-body.ts'
import type { EndpointConfig } from '../../src/config/config.ts'
import { DEFAULTS } from '../../src/contract/defaults.gen.ts'
import { GatewayError } from '../../src/errors.ts'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { createUpstream, type UpstreamRequest } from '../../src/upstream/client.ts'

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const platform = createNodePlatform({ write: () => undefined })
const upstream = createUpstream({ platform, idleTimeoutMs: 5000 })
const seen: Seen[] = []
let server: Server
let origin = ''

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ method: request.method, url: request.url, headers: request.headers, body })
    if (request.url?.includes('drop') === true) request.socket.destroy()
    else response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"no"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function requestOf(changes: Partial<UpstreamRequest> & { upstream?: string }): UpstreamRequest {
  const endpoint: EndpointConfig = {
    ...DEFAULTS.ConfigEndpoint,
    upstream: changes.upstream ?? `${origin}/v2`,
    storeId: 's',
    s3Config: 'staged',
    s3ConfigFields: DEFAULTS.ConfigS3ConfigFields,
  }
  return {
    endpoint,
    endpointId: 'demo',
    path: 'run',
    method: 'POST',
    search: '',
    headers: new Headers(),
    key: new Secret('rpa_key'),
    idempotent: false,
    ...changes,
  }
}

async function failureOf(request: UpstreamRequest): Promise<GatewayError> {
  const error = await upstream.send(request).catch((caught: unknown) => caught)
  if (!(error instanceof GatewayError)) throw new Error('It did not fail as it should')
  return error
}

describe('the client of the platform', () => {
  it('sends path, query, body and listed headers, and gives back any answer', async () => {
    const response = await upstream.send(
      requestOf({
        path: 'status-sync/abc%20d',
        search: '?wait=1000',
        headers: new Headers({ 'content-type': 'application/json', cookie: 'a=b' }),
        body: new TextEncoder().encode('{"input":{}}'),
      }),
    )
    await response.body.cancel()
    expect(response.status).toBe(401)
    const last = seen.at(-1)
    expect(last?.url).toBe('/v2/demo/status-sync/abc%20d?wait=1000')
    expect(last?.body).toBe('{"input":{}}')
    expect(last?.headers['content-length']).toBe('12')
    expect(last?.headers['accept-encoding']).toBe('identity')
    expect(last?.headers.cookie).toBeUndefined()
  })

  it('spells the key as the client did, and its own as Bearer', async () => {
    const spellings: [string, string][] = [
      ['rpa_key', 'rpa_key'],
      ['bearer rpa_key', 'Bearer rpa_key'],
      ['bw_other', 'Bearer rpa_key'],
    ]
    for (const [given, sent] of spellings) {
      const headers = new Headers({ authorization: given })
      await (await upstream.send(requestOf({ headers }))).body.cancel()
      expect(seen.at(-1)?.headers.authorization).toBe(sent)
    }
  })

  it('refuses paths that would become others', async () => {
    const before = seen.length
    for (const path of ['../x/run', './run', '%2e%2e/run', 'a\\b', 'run?x', 'run#x', 'a\tb']) {
      expect((await failureOf(requestOf({ path }))).code, path).toBe('not_found')
    }
    for (const endpointId of ['..', 'a/b', '', 'a?']) {
      expect((await failureOf(requestOf({ endpointId }))).code).toBe('not_found')
    }
    expect(seen.length).toBe(before)
  })

  it('sends to no other path or query than a URL parser would', async () => {
    const urls: string[] = []
    const recording = createUpstream({
      platform: {
        ...platform,
        send: async ({ url }) => {
          urls.push(url)
          return { status: 200, headers: new Headers(), body: onceBody(new Uint8Array()) }
        },
      },
      idleTimeoutMs: 5000,
    })
    const text = fc.string({ unit: fc.constantFrom(...'ab/.%2e\\:@=~-_!\t ü') })
    const query = fc.string({ unit: fc.constantFrom(...'?ab/.%2&=+:@\'"<\\ü') })
    await fc.assert(
      fc.asyncProperty(text, query, async (path, rest) => {
        urls.length = 0
        const search = rest === '' ? '' : `?${rest}`
        const sent = recording.send(requestOf({ path, search }))
        const parsed = URL.parse(`${origin}/v2/demo/${path}`)
        if (parsed?.pathname !== `/v2/demo/${path}`) {
          await expect(sent).rejects.toMatchObject({ code: 'not_found' })
          return
        }
        parsed.search = search
        await sent
        expect(urls).toEqual([parsed.href])
      }),
    )
  })

  it('keeps the query from changing anything but the query', async () => {
    await (await upstream.send(requestOf({ search: '?a=1#/../x' }))).body.cancel()
    expect(seen.at(-1)?.url).toBe('/v2/demo/run?a=1%23/../x')
  })

  it('names a connection fault, its reason for the log alone', async () => {
    for (const request of [
      requestOf({ upstream: 'http://127.0.0.1:1/v2' }),
      requestOf({ path: 'drop' }),
    ]) {
      const error = await failureOf(request)
      expect(error.code).toBe('upstream_unreachable')
      expect(error.detail).not.toMatch(/127|ECONN/)
      expect(error.cause).toBeInstanceOf(Error)
    }
  })

  it('blames the body, not upstream, when the body fails', async () => {
    const body = {
      length: undefined,
      read: () => Promise.reject(new GatewayError('client_gone', 'gone')),
      cancel: () => Promise.resolve(),
    }
    expect((await failureOf(requestOf({ body }))).code).toBe('client_gone')
  })
})
