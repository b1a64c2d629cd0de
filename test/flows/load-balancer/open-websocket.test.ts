import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openWebSocket } from '../../../src/flows/load-balancer/open-websocket.ts'
import type { IncomingResponse, OutgoingRequest } from '../../../src/platform.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

const key = `bw_${'a'.repeat(43)}`
const upstreamKey = 'any-secret'
const sha256 = createHash('sha256').update(key).digest('hex')
const gateway = fakeGateway({
  endpoints: {
    '*': { upstreamKey: { env: 'ANY' }, upstream: 'https://upstream.example/v2' },
    mine: { loadBalancer: {} },
    other: { loadBalancer: {} },
  },
  auth: { mode: 'keys', keys: [{ name: 'one', sha256, endpoints: ['mine'] }] },
})

const handshake = {
  authorization: `Bearer ${key}`,
  connection: 'Upgrade',
  'sec-websocket-key': 'a2V5',
  'sec-websocket-protocol': 'chat',
  'sec-websocket-version': '13',
  upgrade: 'websocket',
}

async function open(endpointId: string, response: IncomingResponse) {
  const asked: OutgoingRequest[] = []
  const call = { ...callOf(endpointId, undefined, handshake), method: 'GET' }
  const reply = await openWebSocket(gateway.deps, call, 'chat', async (request) => {
    asked.push(request)
    return response
  })
  return { asked, reply }
}

describe("a WebSocket of a caller with the gateway's own key", () => {
  test("is asked for with upstream's, which its handshake does not show", async () => {
    const accepted = answer(101, undefined, {
      'sec-websocket-accept': 'YWNjZXB0',
      'sec-websocket-protocol': 'chat',
      'x-runpod-echo': upstreamKey,
      'x-powered-by': 'worker',
      upgrade: 'websocket',
    })
    const { asked, reply } = await open('mine', accepted)
    const [{ url, headers } = { url: '', headers: new Headers() }] = asked
    expect(url).toBe('https://mine.api.runpod.ai/chat')
    expect(headers.get('authorization')).toBe(`Bearer ${upstreamKey}`)
    expect(headers.get('sec-websocket-key')).toBe('a2V5')
    expect(reply.status).toBe(101)
    expect(Object.fromEntries(reply.headers)).toEqual({
      'sec-websocket-accept': 'YWNjZXB0',
      'sec-websocket-protocol': 'chat',
      'x-runpod-echo': '**********',
    })
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({
        event: 'counted',
        counter: 'secrets_removed',
        kind: 'upstream key',
      }),
    )
  })

  test('is refused in the words of the workers, cleaned', async () => {
    const refusal = answer(403, `no ${upstreamKey}`, { 'content-type': 'text/plain' })
    const { reply } = await open('mine', refusal)
    expect(reply.status).toBe(403)
    expect(await readReply(reply)).toBe('no **********')
  })

  test('is there at no endpoint but its own', async () => {
    await expect(open('other', answer(101))).rejects.toMatchObject({ code: 'not_found' })
  })
})
