import { beforeEach, describe, expect, test } from 'vitest'
import type { Minter } from '../../src/access/minter.ts'
import { createStsMinter } from '../../src/access/sts.ts'
import type { StoreConfig } from '../../src/config/config.ts'
import { GatewayError } from '../../src/errors.ts'
import { reasonOf, Secret } from '../../src/log.ts'
import { NotSent, type Platform } from '../../src/platform.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { grantOf } from '../contracts/minter.ts'
import { answer } from '../intake/memory-store.ts'
import { FakeClock } from './fakes/beds.ts'
import {
  createFakeSts,
  type FakeSts,
  fault,
  rgwFault,
  sessionSecret,
  sessionToken,
  stsXml,
} from './fakes/sts.ts'

const accessId = 'AKIAIOSFODNN7EXAMPLE'
const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const roleArn = 'arn:aws:iam::123456789012:role/bulkway-job'
const base: StoreConfig = {
  id: 'main',
  kind: 's3',
  endpoint: 'https://s3.eu-central-1.amazonaws.com',
  region: 'eu-central-1',
  bucket: 'bulkway',
  pathStyle: false,
  presign: true,
  accessKeyId: new Secret('AKIASTORE'),
  secretAccessKey: new Secret('store-secret'),
}

let clock: FakeClock
let sts: FakeSts
let minter: Minter

function make(settings: { externalId?: string; endpoint?: string; maxSeconds?: number } = {}) {
  // Whatever is still under way after a test must not meet the next one's STS.
  const [time, server] = [clock, sts]
  const platform: Platform = {
    ...createNodePlatform({ write() {} }),
    now: () => time.now,
    wait: (ms) => time.wait(ms),
    send: (request) => server.send(request),
  }
  const config = {
    endpoint: 'https://sts.eu-central-1.amazonaws.com',
    maxSeconds: 43_200,
    roleArn,
    accessKeyId: new Secret(accessId),
    secretAccessKey: new Secret(secret),
    ...settings,
  }
  return createStsMinter({ ...base, sts: config }, platform, 10_000)
}

beforeEach(() => {
  clock = new FakeClock()
  sts = createFakeSts({ region: 'eu-central-1', now: () => clock.now })
  sts.keys.set(accessId, { secret })
  minter = make()
})

const grant = () => grantOf(clock.now)

/** Lets all pauses pass up to `ms`, and gives what became of the minting. */
async function settle(ms = 60_000, with_: Minter = minter) {
  const minting = with_.mint(grant()).then(
    (minted) => ({ minted, error: undefined }),
    (error: unknown) => ({ minted: undefined, error }),
  )
  await clock.advance(ms)
  return await minting
}

/** The error, after it was seen that neither it nor what the log is told of it holds a secret. */
async function refusal(ms?: number): Promise<GatewayError> {
  const { error } = await settle(ms)
  if (!(error instanceof GatewayError)) throw new Error(`Not refused: ${String(error)}`)
  const told = [
    error.message,
    error.detail,
    JSON.stringify(error.facts),
    reasonOf(error.facts.cause),
  ]
  const written = [...told, String(error.stack)].join('\n')
  for (const secretText of [secret, sessionSecret, sessionToken, encodeURIComponent(secret)]) {
    expect(written).not.toContain(secretText)
  }
  return error
}

describe('AssumeRole', () => {
  test('asks for the role with the policy of the grant, and gives what it is given', async () => {
    minter = make({ externalId: 'tenant:7' })
    const { minted } = await settle()
    const [asked] = sts.asked
    expect(asked?.url).toBe('https://sts.eu-central-1.amazonaws.com/')
    expect(asked?.signer).toBe(accessId)
    const { Policy, RoleSessionName, DurationSeconds, ...parameters } = asked?.parameters ?? {}
    expect(parameters).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: roleArn,
      ExternalId: 'tenant:7',
    })
    expect(RoleSessionName).toMatch(/^demo@[a-z2-7]{26}$/)
    expect(Number(DurationSeconds)).toBe(1800)
    expect(JSON.parse(Policy ?? '')).toMatchObject({ Version: '2012-10-17' })
    expect(minted?.s3Config).toMatchObject({
      accessId: expect.stringMatching(/^ASIA/),
      bucketName: 'bulkway',
      endpointUrl: base.endpoint,
      region: 'eu-central-1',
      keyPrefix: expect.stringMatching(/\/out\/$/),
    })
    expect(minted?.s3Config.accessSecret.reveal()).toBe(sessionSecret)
    expect(minted?.s3Config.sessionToken?.reveal()).toBe(sessionToken)
    expect(minted?.secrets.map(({ kind }) => kind)).toEqual([
      'access id',
      'access secret',
      'session token',
    ])
    expect(JSON.stringify(minted)).not.toContain(sessionSecret)
    expect(minted?.revocation).toBeUndefined()
  })

  test.each([
    [-10_000, '900'],
    [0, '900'],
    [899_001, '900'],
    [900_001, '901'],
    [43_200_000, '43200'],
    [43_201_000, '43200'],
  ])('asks for as long as a job of %i ms needs, within the range', async (left, seconds) => {
    const minting = minter.mint({ ...grant(), writeExpiresAt: clock.now + left })
    await clock.advance(1)
    await minting
    expect(sts.asked[0]?.parameters['DurationSeconds']).toBe(seconds)
  })

  test('keeps the name of a session within 64 characters', async () => {
    const endpointId = `${'e'.repeat(60)}._-x`
    const minting = minter.mint({ ...grant(), endpointId })
    await clock.advance(1)
    await minting
    expect(sts.asked[0]?.parameters['RoleSessionName']).toMatch(/^[\w+=,.@-]{2,64}$/)
  })

  test.each([
    ['https://sts.amazonaws.com', 'us-east-1'],
    ['https://sts.wasabisys.com', 'us-east-1'],
    ['https://sts.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['https://sts.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['http://127.0.0.1:8333/sts', 'eu-central-1'],
  ])('signs for the region of %s: %s', async (endpoint, region) => {
    sts = createFakeSts({ region, now: () => clock.now })
    sts.keys.set(accessId, { secret })
    expect((await settle(1, make({ endpoint }))).error).toBeUndefined()
  })

  test('is said to serve as long as the role does', () => {
    expect(make({ maxSeconds: 7200 })).toMatchObject({
      shortestSeconds: 900,
      longestSeconds: 7200,
      scope: 'paths',
    })
  })
})

describe('what cannot be had', () => {
  test.each([
    ['400', () => fault(400, 'ValidationError', 'no'), 'ValidationError'],
    ['403', () => fault(403, 'AccessDenied', 'not authorized'), 'AccessDenied: not authorized'],
    ['403 of radosgw', () => rgwFault(403, 'AccessDenied'), '403 AccessDenied'],
    ['404 of radosgw', () => rgwFault(404, 'NoSuchEntity'), 'NoSuchEntity'],
    ['400 without XML', () => answer(400, 'no'), '400 without an error code'],
    ['302', () => answer(302, '', { location: 'https://else.example/' }), '302'],
    ['garbage XML', () => answer(200, '<AssumeRoleResponse><Ass'), 'holds no keys'],
    ['HTML', () => answer(200, '<!doctype html><html><body>ok</body></html>'), 'no keys'],
    ['nothing', () => answer(200, ''), 'no keys'],
    ['JSON', () => answer(200, '{"Credentials":{}}'), 'no keys'],
    ['too much', () => answer(200, `<a>${'x'.repeat(70_000)}</a>`), '65536'],
  ])('is refused at once with %s', async (_name, reply, reason) => {
    sts.answers.push(reply())
    const error = await refusal()
    expect(error.code).toBe('access_refused')
    expect(error.detail).toBe('Cannot give the job keys: the store refused')
    expect(reasonOf(error.facts.cause)).toContain(reason)
    expect(sts.asked).toHaveLength(1)
  })

  const whole = {
    action: 'AssumeRole',
    accessId: 'ASIA0123456789ABCDEF',
    secret: sessionSecret,
    token: sessionToken,
    expiration: '2099-01-01T00:00:00Z',
  }
  test.each([
    ['no AccessKeyId', { accessId: undefined }],
    ['no SecretAccessKey', { secret: undefined }],
    ['no SessionToken', { token: undefined }],
    ['no Expiration', { expiration: undefined }],
    ['an empty SessionToken', { token: '' }],
    ['a SessionToken of two', { token: 'a</SessionToken><SessionToken>b' }],
    ['a SessionToken with a line break', { token: 'a&#10;b' }],
    ['a SessionToken with a character beyond ASCII', { token: 'tökén' }],
    ['a SessionToken without end', { token: 'x'.repeat(8193) }],
    ['elements in a field', { secret: '<b>x</b>' }],
    ['an Expiration that is none', { expiration: 'tomorrow' }],
    ['an Expiration that is a number', { expiration: '4070908800' }],
    ['another action', { action: 'AssumeRoleWithSAML' }],
  ])('is refused with %s', async (_name, change) => {
    const fields = { ...whole, ...change }
    const given = Object.entries(fields).filter(([, value]) => value !== undefined)
    sts.answers.push(answer(200, stsXml(Object.fromEntries(given) as typeof whole)))
    expect((await refusal()).code).toBe('access_refused')
    expect(sts.asked).toHaveLength(1)
  })

  test('is refused when the answer breaks off, at whichever byte', async () => {
    const text = stsXml({ ...whole, token: 'token' })
    for (let length = 0; length < text.length; length++) {
      sts.answers.push(answer(200, text.slice(0, length)))
      expect((await refusal(1)).code).toBe('access_refused')
    }
    sts.answers.push(answer(200, text))
    sts.keys.set(whole.accessId, { secret: sessionSecret, token: 'token' })
    expect((await settle(1)).error).toBeUndefined()
  })

  test('is refused when the session ends before the job may', async () => {
    sts.expiration = () => new Date(clock.now + 60_000).toISOString()
    const error = await refusal()
    expect(error.code).toBe('access_refused')
    expect(reasonOf(error.facts.cause)).toContain('before the job may')
  })

  test('is refused when the session is cut to under half of what was asked for', async () => {
    const short = () => ({ ...grant(), writeExpiresAt: clock.now + 600_000 })
    const mint = async (leftMs: number) => {
      sts.expiration = () => new Date(clock.now + leftMs).toISOString()
      const minting = minter.mint(short()).catch((error: unknown) => error)
      await clock.advance(1)
      return await minting
    }
    expect(await mint(449_000)).toMatchObject({ code: 'access_refused' })
    expect(sts.asked[0]?.parameters['DurationSeconds']).toBe('900')
    expect(await mint(451_000)).toHaveProperty('s3Config')
  })

  test.each([
    ['400 Throttling', () => fault(400, 'Throttling', 'Rate exceeded')],
    ['400 ThrottlingException', () => fault(400, 'ThrottlingException')],
    ['429', () => answer(429, '')],
    ['503', () => answer(503, 'gone')],
    ['500', () => fault(500, 'InternalFailure')],
    ['503 SlowDown of radosgw', () => rgwFault(503, 'SlowDown')],
    ['a refused connection', () => new NotSent('connect ECONNREFUSED 127.0.0.1:1')],
    ['a broken connection', () => new Error('socket hang up')],
  ])('is asked for again after %s', async (_name, reply) => {
    sts.answers.push(reply(), reply())
    const { minted } = await settle()
    expect(minted).toBeDefined()
    const own = sts.asked.filter(({ signer }) => signer === accessId)
    expect(own).toHaveLength(3)
  })

  test.each([
    ['throttled', () => fault(400, 'Throttling'), 'Throttling'],
    ['out of reach', () => new NotSent('connect ECONNREFUSED'), 'ECONNREFUSED'],
  ])('is not available while the STS is %s', async (_name, reply, reason) => {
    for (let tried = 0; tried < 10; tried++) sts.answers.push(reply())
    const error = await refusal()
    expect(error.code).toBe('access_unavailable')
    expect(error.facts.retryAfterSeconds).toBeGreaterThan(0)
    expect(reasonOf(error.facts.cause)).toContain(reason)
    expect(sts.asked).toHaveLength(4)
  })

  test('is not available when the STS is 30 s late, and the client waits 10 s', async () => {
    sts.answers.push(new Promise<never>(() => {}))
    const started = clock.now
    let endedAt = 0
    const minting = minter.mint(grant()).catch((error: unknown) => {
      endedAt = clock.now
      throw error
    })
    const expected = expect(minting).rejects.toMatchObject({
      code: 'access_unavailable',
      facts: { retryAfterSeconds: 5 },
    })
    await clock.advance(30_000)
    await expected
    expect(endedAt - started).toBe(10_000)
  })

  test('tells the log what the STS said, but nothing that was sent to it', async () => {
    const message = `key ${secret} or ${encodeURIComponent(secret)} or ${btoa(secret)}\n\u001b[31m ${'x'.repeat(999)}`
    sts.answers.push(fault(403, 'SignatureDoesNotMatch', message))
    const reason = reasonOf((await refusal()).facts.cause)
    expect(reason).toContain('403 SignatureDoesNotMatch: key ****')
    expect(reason).not.toContain(btoa(secret).slice(8, 40))
    expect(reason).not.toMatch(/\p{Cc}/u)
    expect(reason.length).toBeLessThan(500)
  })
})

describe('a role that its own sessions can assume', () => {
  test('gives no job keys: nothing would narrow what they get', async () => {
    sts.chains = true
    const error = await refusal()
    expect(error.code).toBe('access_refused')
    expect(reasonOf(error.facts.cause)).toContain('sts:authentication')
    expect(sts.asked.at(-1)?.parameters['Policy']).toBeUndefined()
    expect((await refusal()).code).toBe('access_refused')
  })

  test('is looked for once', async () => {
    await settle()
    await settle()
    expect(sts.asked.map(({ signer }) => signer === accessId)).toEqual([true, false, true])
  })
})
