import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createKeySet } from '../../src/auth/key-set.ts'
import { reasonOf } from '../../src/log.ts'
import { type Clock, type KeyServer, makeKey, platformAt, startKeyServer } from './key-server.ts'

let server: KeyServer
let clock: Clock
const header = (kid?: string) => ({ alg: 'ES256', ...(kid !== undefined && { kid }) })

beforeEach(async () => {
  clock = { now: Date.parse('2026-11-21T12:00:00Z') }
  server = await startKeyServer(await makeKey('a'))
})
afterEach(() => server.close())

const open = () => createKeySet({ platform: platformAt(clock), url: server.url })

async function expectUnavailable(asking: Promise<unknown>, reason?: RegExp): Promise<void> {
  const fault = await asking.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(fault).toMatchObject({ code: 'auth_unavailable', facts: { retryAfterSeconds: 5 } })
  if (reason !== undefined) expect(reasonOf((fault as Error).cause)).toMatch(reason)
}

describe('the keys of a provider', () => {
  it('are fetched when one is needed first, and again after ten minutes', async () => {
    const keySet = open()
    expect(server.asked).toBe(0)
    const key = await keySet.find(header('a'))
    expect(key).toMatchObject({ type: 'public' })
    clock.now += 599_000
    expect(await keySet.find(header('a'))).toBe(key)
    expect(server.asked).toBe(1)
    clock.now += 1_000
    expect(await keySet.find(header('a'))).not.toBe(key)
    expect(server.asked).toBe(2)
  })

  it('are fetched once by many who ask at once', async () => {
    let asked = Promise.withResolvers<ServerResponse>()
    server.answer = (_, response) => asked.resolve(response)
    const keySet = open()
    const answer = async () => {
      const response = await asked.promise
      response.end(JSON.stringify({ keys: server.keys.map(({ jwk }) => jwk) }))
    }
    const findMany = () => Promise.all(Array.from({ length: 50 }, () => keySet.find(header('a'))))
    const many = findMany()
    await answer()
    await many
    expect(server.asked).toBe(1)
    // Those who come while they are fetched anew go on with what is there.
    asked = Promise.withResolvers()
    clock.now += 600_000
    const first = keySet.find(header('a'))
    await findMany()
    await answer()
    await first
    expect(server.asked).toBe(2)
  })

  it('are fetched again for an unknown kid, so that a new key is good at once', async () => {
    const keySet = open()
    await keySet.find(header('a'))
    clock.now += 30_000
    server.keys = [await makeKey('b')]
    await Promise.all(Array.from({ length: 20 }, () => keySet.find(header('b'))))
    expect(server.asked).toBe(2)
    await expect(keySet.find(header('a'))).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    })
    expect(server.asked).toBe(2)
  })

  it('are fetched at most every 30 s for kids that are made up', async () => {
    const keySet = open()
    await keySet.find(header('a'))
    for (let second = 0; second < 120; second++) {
      await expect(keySet.find(header(`x${second}`))).rejects.toMatchObject({
        code: 'ERR_JWKS_NO_MATCHING_KEY',
      })
      clock.now += 1000
    }
    expect(server.asked).toBe(1 + 3)
  })

  it('need no kid where only one fits, and need it where several do', async () => {
    const keySet = open()
    expect(await keySet.find(header())).toBeDefined()
    await expect(keySet.find({ alg: 'RS256' })).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    })
    server.keys = [...server.keys, await makeKey('b')]
    clock.now += 600_000
    await expect(keySet.find(header())).rejects.toMatchObject({
      code: 'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
    })
  })

  it.each([
    ['an error', 500, '{}', /answered with 500/],
    ['a redirect', 302, '', /answered with 302/],
    ['no JSON', 200, '<html>', /no key set/],
    ['another JSON', 200, '{"keys":7}', /no key set/],
    ['a list', 200, '[]', /no key set/],
    ['nothing', 200, '', /no key set/],
    ['too much', 200, ' '.repeat(300_000), /longer than 262144 bytes/],
  ])('cannot be %s', async (_, status, text, reason) => {
    let visited = false
    server.answer = (request, response) => {
      if (request.url === '/elsewhere') visited = true
      response.writeHead(status, { location: '/elsewhere' }).end(text)
    }
    await expectUnavailable(open().find(header('a')), reason)
    expect(visited).toBe(false)
  })

  it('are not waited for without end', async () => {
    server.answer = (_, response) => {
      // A byte now and then keeps a connection from being idle.
      const timer = setInterval(() => response.write(' '), 200)
      response.on('close', () => clearInterval(timer))
    }
    const began = Date.now()
    await expectUnavailable(open().find(header('a')), /within 5000 ms/)
    expect(Date.now() - began).toBeLessThan(8000)
  })

  it('are asked for again some seconds after a fault, and not before', async () => {
    server.answer = (_, response) => void response.writeHead(503).end()
    const keySet = open()
    await expectUnavailable(keySet.find(header('a')))
    server.answer = undefined
    clock.now += 4_999
    await expectUnavailable(keySet.find(header('a')))
    expect(server.asked).toBe(1)
    clock.now += 1
    expect(await keySet.find(header('a'))).toBeDefined()
  })

  it('are not believed longer because they cannot be fetched', async () => {
    const keySet = open()
    await keySet.find(header('a'))
    const held: (() => void)[] = []
    server.answer = (_, response) => void held.push(() => response.writeHead(503).end())
    const asked = async () => {
      while (held.length === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const failing = async (during: () => Promise<void>) => {
      const first = expectUnavailable(keySet.find(header('a')))
      await asked()
      await during()
      held.pop()?.()
      await first
    }
    clock.now += 600_000
    await failing(async () => {
      clock.now += 4_999
      expect(await keySet.find(header('a'))).toBeDefined()
    })
    clock.now += 5_000
    await failing(async () => {
      const late = keySet.find(header('a'))
      held.pop()?.()
      await expectUnavailable(late)
    })
  })

  it('that are known stay so while others cannot be fetched', async () => {
    const keySet = open()
    await keySet.find(header('a'))
    clock.now += 30_000
    server.answer = (_, response) => void response.destroy()
    // It may be a new key: nobody can say that the token is bad.
    await expectUnavailable(keySet.find(header('b')))
    await expectUnavailable(keySet.find(header('b')))
    expect(await keySet.find(header('a'))).toBeDefined()
    expect(server.asked).toBeLessThanOrEqual(3)
    clock.now += 600_000
    await expectUnavailable(keySet.find(header('a')))
  })
})
