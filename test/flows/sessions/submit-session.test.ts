import { beforeEach, describe, expect, test } from 'vitest'
import { submitJob } from '../../../src/flows/submit-job.ts'
import type { Grant } from '../../../src/grants/grant.ts'
import { realKey } from '../../../src/grants/mount-path.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

let gateway: FakeGateway

const endpoints = {
  '*': { upstream: 'https://upstream.example/v2', store: 'main' },
  plain: {},
  train: { as: 'key', sessions: {} },
  uri: { as: 's3-uri', sessions: {} },
  linked: { as: 'url', sessions: {} },
}

beforeEach(() => {
  gateway = fakeGateway({ endpoints })
})

const named = (session = 'run-42') => ({ 'bulkway-session': session })

async function submit(endpointId: string, input: unknown, headers: Record<string, string> = {}) {
  const call = callOf(endpointId, JSON.stringify({ input }), headers)
  const reply = await submitJob(gateway.deps, call, 'run')
  return { status: reply.status, text: await readReply(reply) }
}

/** The body of the last job upstream was sent. */
function taken() {
  const last = gateway.sent.findLast(({ url }) => url.endsWith('/run'))
  return JSON.parse(new TextDecoder().decode(last?.body))
}

async function grantOfJob(endpointId: string): Promise<Grant> {
  const grant = await gateway.deps.grants.find(endpointId, 'job-1')
  if (grant === undefined) throw new Error('There is no grant')
  return grant
}

describe('a job with a session', () => {
  test('is given a directory that is its session’s, beside its own', async () => {
    await submit('train', { steps: 1 }, named())
    const grant = await grantOfJob('train')
    const key = realKey(grant, 'session/ckpt/1.pt', 'write')

    expect(key).toMatch(/^sessions\/[0-9a-f]{32}\/train\/run-42\/ckpt\/1\.pt$/)
    expect(realKey(grant, 'out.bin', 'write')).toBe(`${grant.day}/${grant.grantId}/out/out.bin`)
    expect(taken().s3Config).toMatchObject({ accessId: expect.stringMatching(/^BW1/) })
  })

  test('has the directory of the job before, and nobody else’s', async () => {
    await submit('train', {}, named())
    const first = await grantOfJob('train')
    const others = fakeGateway({ endpoints })
    const key = { authorization: 'Bearer another-key' }
    await submitJob(others.deps, callOf('train', '{"input":{}}', { ...named(), ...key }), 'run')
    const other = await others.deps.grants.find('train', 'job-1')

    expect(realKey(first, 'session/a', 'read')).not.toBe(
      other && realKey(other, 'session/a', 'read'),
    )
  })

  test.each([
    ['bulkway:session', 'session/'],
    ['bulkway:session/ckpt', 'session/ckpt/'],
    ['bulkway:session/a b/ü', 'session/a b/ü/'],
    ['bulkway:output', ''],
    ['bulkway:output/images/png', 'images/png/'],
  ])('has %s as the prefix %j', async (text, prefix) => {
    await submit('train', { dir: text, list: [text] }, named())
    expect(taken().input).toEqual({ dir: prefix, list: [prefix] })
  })

  test('has an s3-uri of it', async () => {
    await submit('uri', { dir: 'bulkway:session/x', out: 'bulkway:output' }, named())
    const { input, s3Config } = taken()
    const bucket = `s3://${s3Config.bucketName}`
    expect(input).toEqual({ dir: `${bucket}/session/x/`, out: `${bucket}/` })
  })

  test('never shows the header upstream', async () => {
    await submit('train', {}, named())
    for (const { headers } of gateway.sent) expect(headers.has('bulkway-session')).toBe(false)
  })

  test('shows in a plan what it would be given, and leaves nothing', async () => {
    const input = { dir: 'bulkway:session' }
    const reply = await submit('train', input, { ...named(), prefer: 'return=plan' })
    expect(JSON.parse(reply.text)).toMatchObject({
      untouched: false,
      access: { kind: 'job-bucket', s3Config: true },
    })
    expect(gateway.store.objects.size).toBe(0)
  })
})

describe('a request is refused', () => {
  test.each([
    ['where the endpoint has no sessions', 'plain', {}, named(), /set "sessions"/],
    ['for a name with a slash', 'train', {}, named('a/b'), /Name the session/],
    ['for a name that begins with a dot', 'train', {}, named('.a'), /Name the session/],
    ['for an empty name', 'train', {}, named(''), /Name the session/],
    ['for a long name', 'train', {}, named('a'.repeat(65)), /Name the session/],
    ['for a session without its header', 'train', { d: 'bulkway:session' }, {}, /Bulkway-Session/],
    ['for a path out of it', 'train', { d: 'bulkway:session/../x' }, named(), /without empty/],
    ['for an empty segment', 'train', { d: 'bulkway:output//x' }, named(), /without empty/],
    ['for a slash at the end', 'train', { d: 'bulkway:output/x/' }, named(), /without empty/],
    ['where workers are given links', 'linked', { d: 'bulkway:output' }, named(), /has no link/],
    ['where nothing is declared', 'plain', { d: 'bulkway:output' }, {}, /set "as"/],
    [
      'beside an s3Config of its own',
      'train',
      {},
      { ...named(), body: '{"input":{},"s3Config":{"bucketName":"mine"}}' },
      /s3Config of your own/,
    ],
  ])('%s', async (_, endpointId, input, { body, ...headers }: Record<string, string>, detail) => {
    const call = callOf(endpointId, body ?? JSON.stringify({ input }), headers)
    await expect(submitJob(gateway.deps, call, 'run')).rejects.toMatchObject({
      code: 'invalid_request',
      detail: expect.stringMatching(detail),
    })
    expect(gateway.sent.filter(({ url }) => url.endsWith('/run'))).toEqual([])
    expect([...gateway.store.objects.keys()]).toEqual([])
  })

  test('without a body', async () => {
    await expect(
      submitJob(gateway.deps, callOf('train', undefined, named()), 'run'),
    ).rejects.toMatchObject({ code: 'invalid_json' })
  })
})

describe('a job without a session', () => {
  test('may name its own outputs', async () => {
    await submit('train', { dir: 'bulkway:output/x' })
    expect(taken().input).toEqual({ dir: 'x/' })
    expect(taken().s3Config).toBeDefined()
    expect((await grantOfJob('train')).session).toBeUndefined()
  })
})
