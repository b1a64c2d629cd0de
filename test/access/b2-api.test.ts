import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createB2Minter } from '../../src/access/b2.ts'
import { reasonOf } from '../../src/log.ts'
import { grantOf } from '../contracts/minter.ts'
import { b2Account, createFakeB2, type FakeB2, fault } from './fakes/b2.ts'
import { b2Config, FakeClock, platformOf } from './fakes/beds.ts'

const endpoint = 'https://api.backblazeb2.com'

/** A minter over a B2 that is a function, on a clock that stands. */
function open(apiUrl = 'https://api001.backblazeb2.com', before?: (url: URL) => void) {
  const clock = new FakeClock()
  const b2 = createFakeB2({ now: () => clock.now, apiUrl: () => apiUrl })
  const platform = platformOf(clock, async (request) => {
    before?.(new URL(request.url))
    return await b2(request)
  })
  const minter = createB2Minter(b2Config(endpoint), platform, 10_000)
  const grant = grantOf(clock.now)
  /** Mints while time passes, up to `ms`. */
  async function mint(ms = 12_000) {
    const minting = minter.mint(grant)
    const settled = minting.then(
      (minted) => ({ minted }),
      (error: unknown) => ({ error }),
    )
    await clock.advance(ms)
    return await Promise.race([settled, new Promise<undefined>(setImmediate)])
  }
  return { clock, b2, minter, grant, mint }
}

/** Answers one call otherwise, the first `times` times. */
function disturb(b2: FakeB2, name: string, answer: () => Promise<Response>, times = Infinity) {
  let count = 0
  b2.intercept = (called, go) => (called === name && count++ < times ? answer() : go())
}

function expectNoSecret(error: unknown): void {
  const { facts, detail } = error as { facts: { cause?: unknown }; detail: string }
  const said = [detail, reasonOf(error), reasonOf(facts.cause), inspect(error, { depth: 9 })].join()
  expect(said).not.toContain(b2Account.applicationKey)
  expect(said).not.toContain(btoa(`${b2Account.keyId}:${b2Account.applicationKey}`))
  expect(said).not.toContain('4_')
}

const native = ['b2_authorize_account', 'b2_create_key'] as const
const refusedAnswers: [string, () => Response][] = [
  ['400', () => fault(400, 'bad_request')],
  ['401', () => fault(401, 'unauthorized')],
  ['403', () => fault(403, 'transaction_cap_exceeded')],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://x/' } })],
  ['no JSON', () => new Response('<html>')],
  ['another JSON', () => new Response('[1]')],
  ['null', () => new Response('null')],
  ['nothing', () => new Response('')],
  ['fields of other types', () => new Response('{"applicationKeyId":1,"applicationKey":{}}')],
  ['100 KiB', () => new Response('x'.repeat(100_000))],
]
const passingAnswers: [string, () => Promise<Response>][] = [
  ['408', async () => fault(408, 'request_timeout')],
  ['429', async () => fault(429, 'too_many_requests')],
  ['500', async () => fault(500, 'internal_error')],
  ['503', async () => fault(503, 'service_unavailable')],
  ['a broken connection', async () => Promise.reject(new Error('ECONNRESET'))],
  ['no answer for 30 s', () => new Promise<Response>(() => {})],
]

describe('B2’s native API', () => {
  it.for(
    native.flatMap((name) => refusedAnswers.map(([what, make]) => [name, what, make] as const)),
  )('refuses keys where %s answers %s, at once', async ([name, , make]) => {
    const { b2, mint } = open()
    disturb(b2, name, async () => make())
    const settled = await mint(0)
    const error = settled && 'error' in settled ? settled.error : undefined
    expect(error).toMatchObject({ code: 'access_refused' })
    expectNoSecret(error)
    expect(b2.calls.filter((one) => one === name)).toHaveLength(1)
    expect(b2.keys.size).toBe(0)
  })

  it.for(
    native.flatMap((name) => passingAnswers.map(([what, make]) => [name, what, make] as const)),
  )('is not available where %s gives %s for good, after 10 s at most', async ([name, , make]) => {
    const { b2, mint } = open()
    disturb(b2, name, make)
    const settled = await mint(10_000)
    const error = settled && 'error' in settled ? settled.error : undefined
    expect(error).toMatchObject({ code: 'access_unavailable' })
    expectNoSecret(error)
    expect(b2.calls.filter((one) => one === name).length).toBeLessThanOrEqual(4)
    expect(b2.keys.size).toBe(0)
  })

  it.for(
    native.flatMap((name) =>
      passingAnswers.slice(0, 5).map(([what, make]) => [name, what, make] as const),
    ),
  )('gives keys where %s gives %s once', async ([name, , make]) => {
    const { b2, mint } = open()
    disturb(b2, name, make, 1)
    expect(await mint()).toMatchObject({ minted: { revocation: [...b2.keys.keys()][0] } })
  })

  it('comes again no sooner than it is told to, and not at all past its time', async () => {
    for (const [after, calls] of [
      ['3', 2],
      ['60', 1],
    ] as const) {
      const { b2, mint } = open()
      const headers = { 'retry-after': after }
      disturb(b2, 'b2_create_key', async () => new Response('{}', { status: 503, headers }), 1)
      const early = await mint(2000)
      const made = () => b2.calls.filter((one) => one === 'b2_create_key').length
      expect(made()).toBe(1)
      if (calls === 1) expect(early).toMatchObject({ error: { facts: { retryAfterSeconds: 60 } } })
    }
  })

  it('is asked for its token once, and again when that has expired', async () => {
    const { b2, minter, grant, clock } = open()
    await minter.mint(grant)
    await minter.mint(grant)
    expect(b2.calls).toEqual(['b2_authorize_account', 'b2_create_key', 'b2_create_key'])
    clock.now += 86_400_001
    await minter.mint({ ...grant, writeExpiresAt: clock.now + 1000 })
    expect(b2.calls.slice(3)).toEqual(['b2_create_key', 'b2_authorize_account', 'b2_create_key'])
  })

  it('is believed when it refuses a new token too', async () => {
    const { b2, minter, grant } = open()
    await minter.mint(grant)
    disturb(b2, 'b2_create_key', async () => fault(401, 'bad_auth_token'))
    await expect(minter.mint(grant)).rejects.toMatchObject({ code: 'access_refused' })
    expect(b2.calls).toHaveLength(5)
  })

  it('leaves no key that lives on where an answer is lost: nobody knows it, and it expires', async () => {
    const { b2, grant, mint } = open()
    let lost = 0
    b2.intercept = async (name, go) => {
      const answer = await go()
      if (name === 'b2_create_key' && lost++ === 0) throw new Error('ECONNRESET')
      return answer
    }
    const settled = await mint()
    expect(b2.keys.size).toBe(2)
    for (const { expiresAt } of b2.keys.values()) {
      expect(expiresAt).toBeLessThanOrEqual(grant.writeExpiresAt + 12_000)
    }
    expect(settled).toMatchObject({ minted: { revocation: [...b2.keys.keys()][1] } })
  })

  it.for([
    ['no prefix', { namePrefix: null }],
    ['another prefix', { namePrefix: '2026' }],
    ['no bucket', { bucketId: null }],
    ['more capabilities', { capabilities: ['readFiles', 'writeKeys'] }],
    ['no end', { expirationTimestamp: null }],
    ['no secret', { applicationKey: undefined }],
    ['a secret with a line break', { applicationKey: 'aaaaaaaa\nbbbbbbbbb' }],
  ] as const)('takes back a key that has %s', async ([, change]) => {
    const { b2, minter, grant } = open()
    b2.intercept = async (name, go) => {
      const answer = await go()
      if (name !== 'b2_create_key') return answer
      return new Response(JSON.stringify({ ...(await answer.json()), ...change }))
    }
    await expect(minter.mint(grant)).rejects.toMatchObject({ code: 'access_refused' })
    expect(b2.calls).toContain('b2_delete_key')
    expect(b2.keys.size).toBe(0)
  })

  it.for([
    'http://api001.backblazeb2.com',
    'https://backblazeb2.com.attacker.example',
    'https://notbackblazeb2.com',
    'https://api001.backblazeb2.com@attacker.example',
    'https://user:pass@api001.backblazeb2.com',
    'https://api001.backblazeb2.com:8443',
    'https://169.254.169.254',
    'http://127.0.0.1:1',
    'file:///etc/passwd',
    'no url',
  ])('sends its token nowhere but to B2, not to %s', async (apiUrl) => {
    const hosts = new Set<string>()
    const { minter, grant } = open(apiUrl, (url) => void hosts.add(url.host))
    await expect(minter.mint(grant)).rejects.toMatchObject({ code: 'access_refused' })
    expect([...hosts]).toEqual(['api.backblazeb2.com'])
  })

  it('deletes a key, and does not mind that it is gone', async () => {
    const { b2, minter, grant } = open()
    const { revocation = '' } = await minter.mint(grant)
    await minter.revoke?.(revocation)
    expect(b2.keys.size).toBe(0)
    await minter.revoke?.(revocation)
    disturb(b2, 'b2_delete_key', async () => fault(400, 'bad_request', 'The field is wrong'))
    await expect(minter.revoke?.(revocation)).rejects.toMatchObject({ code: 'access_refused' })
    disturb(b2, 'b2_delete_key', async () => fault(401, 'unauthorized'))
    await expect(minter.revoke?.(revocation)).rejects.toMatchObject({ code: 'access_refused' })
  })
})
