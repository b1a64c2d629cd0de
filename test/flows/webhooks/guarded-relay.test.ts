import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sweepDue } from '../../../src/grants/sweep.ts'
import { alterationsOf } from '../../config/rings.ts'
import { answer } from '../../intake/memory-store.ts'
import { completed, publicAddress, type WebhookBed, webhookBed } from './webhook-bed.ts'

let bed: WebhookBed

beforeEach(() => {
  bed = webhookBed()
})

const codeOf = async (response: Response) => {
  const problem: { code?: string } = JSON.parse(await response.text())
  return [response.status, problem.code]
}

const inner: [string, string, readonly string[]][] = [
  ['the metadata service by name', 'https://meta.example/', ['169.254.169.254']],
  ['loopback by name', 'https://loop.example/', ['127.0.0.1']],
  ['a private address beside a public one', 'https://two.example/', [publicAddress, '10.0.0.7']],
  ['an IPv4-mapped address by name', 'https://mapped.example/', ['::ffff:169.254.169.254']],
  ['a NAT64 address by name', 'https://nat.example/', ['64:ff9b::a9fe:a9fe']],
  ['a 6to4 address by name', 'https://six.example/', ['2002:7f00:1::1']],
  ['a unique local address by name', 'https://local.example/', ['fd00::1']],
  ['the metadata service', 'https://169.254.169.254/latest/', []],
  ['an IPv4-mapped literal', 'https://[::ffff:127.0.0.1]/', []],
  ['an IPv4-mapped literal in hex', 'https://[::ffff:7f00:1]/', []],
  ['a NAT64 literal', 'https://[64:ff9b::127.0.0.1]/', []],
  ['a decimal literal', 'https://2130706433/', []],
  ['an octal literal', 'https://0177.0.0.1/', []],
  ['a hexadecimal literal', 'https://0x7f.1/', []],
  ['localhost', 'https://localhost/', []],
  ['an inner name', 'https://db.internal/', []],
  ['plain http', 'http://client.example/', []],
  ['user info', 'https://me:pass@client.example/', []],
  ['another protocol', 'ftp://client.example/', []],
  ['a port that browsers block', 'https://client.example:6667/', []],
  ['a low port', 'https://client.example:25/', []],
]

describe('a webhook that is given', () => {
  test.each(inner)('is refused where it is %s', async (_name, url, addresses) => {
    bed.names.set(new URL(url).hostname, addresses)
    const body = JSON.stringify({ input: {}, webhook: url })
    const response = await bed.ask('POST', '/v2/demo/run', { body })
    expect(await codeOf(response)).toEqual([400, 'webhook_refused'])
    expect(bed.gateway.sent.filter(({ url }) => url.endsWith('/run'))).toEqual([])
    expect(bed.received).toEqual([])
  })
})

describe('a webhook that is sent', () => {
  test('goes to the addresses that were checked, and to no others', async () => {
    const path = await bed.submit()
    expect((await bed.post(path)).status).toBe(204)
    expect(bed.received.map(({ addresses }) => addresses)).toEqual([[publicAddress]])
  })

  test.each([
    ['loopback', ['127.0.0.1']],
    ['the metadata service', ['169.254.169.254']],
    ['an IPv4-mapped address', ['::ffff:10.0.0.1']],
    ['one more address, which is not public', [publicAddress, '192.168.0.1']],
  ])('is refused where its name has moved to %s since', async (_name, addresses) => {
    const path = await bed.submit()
    bed.names.set('client.example', addresses)
    expect(await codeOf(await bed.post(path))).toEqual([400, 'webhook_refused'])
    expect(bed.received).toEqual([])
  })

  test.each([301, 302, 303, 307, 308])('follows no redirect (%i)', async (status) => {
    const path = await bed.submit()
    bed.receiver = () => answer(status, '', { location: 'http://127.0.0.1:1/inner' })
    expect((await bed.post(path)).status).toBe(502)
    expect(bed.received.map(({ url }) => url)).toEqual(['https://client.example/hook'])
  })

  test.each([200, 201, 204, 400, 404, 410, 429, 500, 503])(
    "has the receiver's answer (%i)",
    async (status) => {
      const path = await bed.submit()
      bed.receiver = () => answer(status)
      expect((await bed.post(path)).status).toBe(status)
    },
  )
})

describe('the sealed URL', () => {
  test('leads nowhere when it is altered', async () => {
    const path = await bed.submit()
    const token = path.split('/').at(-1) ?? ''
    const before = bed.gateway.store.objects.size
    for (const altered of [...alterationsOf(token)].filter((_, index) => index % 7 === 0)) {
      expect((await bed.post(`/webhooks/${altered}`)).status).toBe(404)
    }
    expect(bed.received).toEqual([])
    expect(bed.gateway.store.objects.size).toBe(before)
  })

  test('that is replayed tells the same outcome under the same id', async () => {
    const path = await bed.submit()
    for (let times = 0; times < 3; times++) {
      expect((await bed.post(path)).status).toBe(204)
      bed.gateway.clock.now += 10_000
    }
    const ids = bed.received.map(({ headers }) => headers.get('webhook-id'))
    expect(ids).toHaveLength(3)
    expect(new Set(ids).size).toBe(1)
    const times = bed.received.map(({ headers }) => Number(headers.get('webhook-timestamp')))
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 10, 20])
  })

  test('that is replayed with the body of another job is refused', async () => {
    const path = await bed.submit()
    await bed.post(path)
    const forged = await bed.post(path, { ...completed, id: 'job-2' })
    expect(await codeOf(forged)).toEqual([403, 'forbidden'])
    expect(bed.received).toHaveLength(1)
  })

  test('leads nowhere when its job has expired', async () => {
    const path = await bed.submit()
    const { deps, store, clock } = bed.gateway
    clock.now += 10 * 86_400_000
    const stores = new Map([['main', store]])
    const { grants, log } = deps
    await sweepDue({ stores, state: store, grants, log, now: clock.now, limit: 1000 })
    expect((await bed.post(path)).status).toBe(404)
    expect(bed.received).toEqual([])
  })
})

describe('a receiver on a socket', () => {
  let server: Server
  let port = 0
  let reply: (response: ServerResponse) => void
  const hosts: string[] = []

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      for await (const _ of request);
      hosts.push(request.headers.host ?? '')
      reply(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => {
    hosts.length = 0
    bed = webhookBed({ allowLoopbackWebhooks: true, limits: { idleTimeoutMs: 1000 } })
    bed.isReal = true
    bed.names.set('hooks.example', ['127.0.0.1'])
  })

  const submit = () => bed.submit(`http://hooks.example:${port}/hook`)

  test('is reached at the checked address though its name moves right after the check', async () => {
    reply = (response) => response.writeHead(202).end()
    const path = await submit()
    const { platform } = bed.gateway.deps
    let asked = 0
    platform.resolve = async () => {
      asked++
      return asked === 1 ? ['127.0.0.1'] : ['169.254.169.254']
    }
    expect((await bed.post(path)).status).toBe(202)
    expect(asked).toBe(1)
    expect(hosts).toEqual([`hooks.example:${port}`])
  })

  test('that hangs is given up', async () => {
    reply = () => undefined
    const path = await submit()
    expect(await codeOf(await bed.post(path))).toEqual([502, 'upstream_unreachable'])
  })

  test('that answers 10 MB is not read to its end', async () => {
    let written = 0
    reply = (response) => {
      const chunk = Buffer.alloc(65_536)
      const push = () => {
        while (written < 10_000_000 && response.write(chunk)) written += chunk.length
        if (written < 10_000_000) response.once('drain', push)
        else response.end()
      }
      push()
    }
    const path = await submit()
    expect((await bed.post(path)).status).toBe(200)
    expect(written).toBeLessThan(10_000_000)
  })

  test('that redirects to loopback is not followed', async () => {
    reply = (response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${port}/inner` }).end()
    const path = await submit()
    expect((await bed.post(path)).status).toBe(502)
    expect(hosts).toHaveLength(1)
  })

  test('that breaks off before its answer is an error', async () => {
    reply = (response) => response.destroy()
    const path = await submit()
    expect(await codeOf(await bed.post(path))).toEqual([502, 'upstream_unreachable'])
  })
})
