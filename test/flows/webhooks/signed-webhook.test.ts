import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import type { Deps } from '../../../src/flows/deps.ts'
import { Secret } from '../../../src/log.ts'
import { answer } from '../../intake/memory-store.ts'
import { completed, type ReceivedWebhook, type WebhookBed, webhookBed } from './webhook-bed.ts'

const pair = generateKeyPairSync('ed25519')
const signingKey = pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
const secretsPath = '/v2/demo/webhook-secrets'

let bed: WebhookBed

beforeEach(() => {
  bed = webhookBed()
  bed.gateway.clock.now = Date.now()
})

interface Told {
  readonly secrets: string[]
  readonly publicKeys: string[]
}

async function told(deps?: Deps, key?: string): Promise<Told> {
  const response = await bed.ask('GET', secretsPath, { ...(deps && { deps }), ...(key && { key }) })
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  return JSON.parse(await response.text())
}

/** Whether the standard's own package takes a webhook by this secret. */
function isVerified(webhook: ReceivedWebhook | undefined, secret: string | undefined): boolean {
  try {
    const headers = Object.fromEntries(webhook?.headers ?? [])
    new Webhook(secret ?? '').verify(webhook?.text ?? '', headers)
    return true
  } catch {
    return false
  }
}

const withKeys = (change: Partial<Config['webhooks']> = {}): Partial<Config> => {
  const { webhooks } = bed.gateway.deps.config
  return { webhooks: { ...webhooks, signingKeys: [new Secret(signingKey)], ...change } }
}

const rotated = (): Partial<Config> => {
  const { masterKeys } = bed.gateway.deps.config
  return { masterKeys: [{ kid: 'k2', key: new Secret(btoa('b'.repeat(32))) }, ...masterKeys] }
}

describe('a relayed webhook', () => {
  test("is verified by its caller's secret, and by nobody else's", async () => {
    await bed.post(await bed.submit())
    const [webhook] = bed.received
    const mine = await told()
    expect(mine.secrets).toHaveLength(1)
    expect(mine.publicKeys).toEqual([])
    expect(JSON.parse(webhook?.text ?? '')).toMatchObject(completed)
    expect(isVerified(webhook, mine.secrets[0])).toBe(true)
    const theirs = await told(undefined, 'another-key')
    expect(theirs.secrets).not.toEqual(mine.secrets)
    expect(isVerified(webhook, theirs.secrets[0])).toBe(false)
  })

  test('is verified before and after a rotation of the master keys', async () => {
    const before = await told()
    const early = await bed.submit()
    const both = bed.instance(rotated())
    const { secrets } = await told(both)
    expect(secrets).toHaveLength(2)
    expect(secrets[1]).toBe(before.secrets[0])

    // Submitted before, sent after: the new secret did not know its caller yet.
    await bed.post(early, completed, both)
    expect(secrets.map((secret) => isVerified(bed.received[0], secret))).toEqual([false, true])
    const { grants } = both
    const known = await grants.find('demo', 'job-1')
    await bed.gateway.store.delete('jobs/demo/job-1')
    expect(known).toBeDefined()

    // Submitted after: whoever has either is served.
    const late = await bed.submit(undefined, { deps: both })
    await bed.post(late, completed, both)
    expect(secrets.map((secret) => isVerified(bed.received[1], secret))).toEqual([true, true])
  })

  test('is verified by a public key of the gateway where it has one', async () => {
    const deps = bed.instance(withKeys())
    await bed.post(await bed.submit(), completed, deps)
    const [webhook] = bed.received
    const { secrets, publicKeys } = await told(deps)
    const raw = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
    expect(publicKeys).toEqual([`whpk_${raw.toString('base64')}`])
    expect(isVerified(webhook, secrets[0])).toBe(true)
    const { headers } = webhook ?? { headers: new Headers() }
    const signed = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${webhook?.text}`
    const signature = / v1a,(\S+)$/.exec(headers.get('webhook-signature') ?? '')?.[1] ?? ''
    const x = Buffer.from(publicKeys[0]?.slice(5) ?? '', 'base64').toString('base64url')
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
    expect(verify(null, Buffer.from(signed), key, Buffer.from(signature, 'base64'))).toBe(true)
  })

  test('that is large is read twice and never held, and has the HMAC alone', async () => {
    const deps = bed.instance(withKeys({ ed25519MaxBytes: 100_000 }))
    const output = createHash('sha256').update('x').digest('hex').repeat(20_000)
    await bed.post(await bed.submit(), { ...completed, output }, deps)
    const [webhook] = bed.received
    expect(webhook?.text.length).toBeGreaterThan(1_000_000)
    expect(webhook?.headers.get('webhook-signature')).not.toContain('v1a,')
    expect(isVerified(webhook, (await told(deps)).secrets[0])).toBe(true)
  })

  test('that is just held has both', async () => {
    const deps = bed.instance(withKeys({ ed25519MaxBytes: 100_000 }))
    await bed.post(await bed.submit(), { ...completed, output: 'x'.repeat(90_000) }, deps)
    expect(bed.received[0]?.headers.get('webhook-signature')).toContain('v1a,')
  })

  test('of a failed job has another id once it was retried', async () => {
    const failed = { id: 'job-1', status: 'FAILED', error: 'boom' }
    const path = await bed.submit()
    await bed.post(path, failed)
    expect((await bed.ask('POST', '/v2/demo/retry/job-1', { body: '' })).status).toBe(200)
    bed.gateway.clock.now += 20_000
    // It may be the platform's second try for the first run.
    await bed.post(path, failed)
    bed.gateway.clock.now += 100_000
    await bed.post(path, failed)
    await bed.post(path, failed)
    await bed.post(path)
    const ids = idsOf()
    expect(ids).toHaveLength(5)
    expect(ids[1]).toBe(ids[0])
    expect(ids[3]).toBe(ids[2])
    expect(new Set(ids).size).toBe(3)
  })

  test('of a run that fails at once after a retry has an id of its own, however often it comes', async () => {
    const failed = { id: 'job-1', status: 'FAILED', delayTime: 5, executionTime: 7, error: 'boom' }
    const again = { ...failed, executionTime: 8 }
    const path = await bed.submit()
    await bed.post(path, { ...failed, input: { a: 1 } })
    expect((await bed.ask('POST', '/v2/demo/retry/job-1', { body: '' })).status).toBe(200)
    for (const body of [failed, again, failed, again]) {
      bed.gateway.clock.now += 10_000
      await bed.post(path, body)
    }
    bed.gateway.clock.now += 50_000
    await bed.post(path, again)
    const [first, ...ids] = idsOf()
    expect(ids).toEqual([first, ids[1], first, ids[1], ids[1]])
    expect(ids[1]).not.toBe(first)
  })

  test('of a run that a retry overtook has an id of its own, though nobody had heard of it', async () => {
    const failed = { id: 'job-1', status: 'FAILED', executionTime: 7, error: 'boom' }
    const path = await bed.submit()
    expect((await bed.ask('POST', '/v2/demo/retry/job-1', { body: '' })).status).toBe(200)
    await bed.post(path, failed)
    await bed.post(path, { ...failed, executionTime: 8 })
    await bed.post(path, failed)
    bed.gateway.clock.now += 100_000
    await bed.post(path, { ...failed, executionTime: 8 })
    const [first, second] = idsOf()
    expect(idsOf()).toEqual([first, second, first, second])
    expect(second).not.toBe(first)
  })
})

const idsOf = () => bed.received.map(({ headers }) => headers.get('webhook-id'))

describe("a caller's secrets", () => {
  test('are told to a proved caller only', async () => {
    const { upstream } = bed.gateway
    bed.gateway.upstream = (sent) => (sent.url.endsWith('/health') ? answer(401) : upstream(sent))
    const response = await bed.ask('GET', secretsPath, { key: 'unknown' })
    expect(response.status).toBe(401)
    expect((await bed.ask('GET', secretsPath, { key: '' })).status).toBe(401)
  })

  test('are one for every key in `keys` mode', async () => {
    const digest = (text: string) => createHash('sha256').update(text).digest('hex')
    const [one, two] = [`bw_${'a'.repeat(43)}`, `bw_${'b'.repeat(43)}`]
    bed = webhookBed({
      endpoints: {
        '*': { upstream: 'https://upstream.example/v2', store: 'main' },
        demo: { as: 'key', s3Config: 'always', upstreamKey: { env: 'ANY' } },
      },
      auth: {
        mode: 'keys',
        keys: [
          { name: 'one', sha256: digest(one), endpoints: ['demo'] },
          { name: 'two', sha256: digest(two), endpoints: ['demo'] },
        ],
      },
    })
    bed.gateway.clock.now = Date.now()
    const path = await bed.submit(undefined, { key: one })
    await bed.post(path)
    const [mine, theirs] = [await told(undefined, one), await told(undefined, two)]
    expect(isVerified(bed.received[0], mine.secrets[0])).toBe(true)
    expect(isVerified(bed.received[0], theirs.secrets[0])).toBe(false)
    expect((await bed.ask('GET', '/v2/other/webhook-secrets', { key: one })).status).toBe(404)
  })
})
