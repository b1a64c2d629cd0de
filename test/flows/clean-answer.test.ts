import { beforeEach, describe, expect, test } from 'vitest'
import { cleaning } from '../../src/flows/clean-answer.ts'
import { readFile } from '../../src/flows/outputs/read-file.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { createGrantId } from '../../src/grants/grant-id.ts'
import { Secret } from '../../src/log.ts'
import { cleanText } from '../../src/scrub/clean.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

const utf8 = new TextEncoder()
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

const removals = () =>
  gateway.logged
    .filter(({ event }) => event === 'secret_removed')
    .map((event) => `${event['kind']} ${event['form']} ${event['endpoint']}`)

describe('a removed secret', () => {
  test('is logged once an answer for each kind and form, however often it was there', async () => {
    await readReply(await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'run'))
    const { s3Config } = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
    const hex = Buffer.from(s3Config.accessSecret).toString('hex')
    const output = Array.from({ length: 500 }, () => [s3Config.accessSecret, hex])
    const body = JSON.stringify({ id: 'job-1', status: 'IN_PROGRESS', output })
    gateway.upstream = () => answer(200, body, { 'content-type': 'application/json' })
    const call = { ...callOf('demo'), method: 'GET' }

    const expected = ['access secret hex demo', 'access secret raw demo']
    await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    expect(removals().sort()).toEqual(expected)
    await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    expect(removals().sort()).toEqual([...expected, ...expected].sort())
    expect(JSON.stringify(gateway.logged)).not.toContain(s3Config.accessSecret)

    const counted = gateway.logged.filter(({ event }) => event === 'counted')
    const counter = { event: 'counted', counter: 'secrets_removed', kind: 'access secret' }
    expect(counted).toEqual([
      ...[1, 2].flatMap(() => [
        { ...counter, form: 'raw', count: 500 },
        { ...counter, form: 'hex', count: 500 },
      ]),
    ])
  })
})

describe('a secret that nobody knows', () => {
  const key = `rpa_${'A1B2C3D4'.repeat(5)}`
  const body = `{"id":"job-1","status":"IN_PROGRESS","output":"Bearer ${key}, AKIAIOSFODNN7EXAMPLE"}`

  async function status(shapes?: readonly string[]): Promise<string> {
    gateway = fakeGateway(shapes && { scrub: { shapes } })
    await readReply(await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'run'))
    gateway.upstream = () => answer(200, body, { 'content-type': 'application/json' })
    const call = { ...callOf('demo'), method: 'GET' }
    return await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
  }

  test('is removed by its shape where a rule says so, and ids stay', async () => {
    expect(await status()).toBe(body.replace(key, '*'.repeat(key.length)))
    expect(removals()).toEqual(['runpod-key shape demo'])
    expect(await status([])).toBe(body)
    expect(await status(['gateway-key'])).toBe(body)
  })
})

describe('a link that a worker made with keys of the store', () => {
  const day = '2026-11-21'
  const grantId = createGrantId(day)
  const folder = `${day}/${grantId}`
  const accessId = 'ASIAEXAMPLE'
  const grant: Grant = {
    grantId,
    kid: 'k1',
    day,
    endpointId: 'demo',
    storeId: 'main',
    owner: 'owner',
    state: 'active',
    createdAt: 0,
    writeExpiresAt: 4e12,
    readExpiresAt: 4e12,
    mounts: [{ path: '', key: `${folder}/out/`, mode: 'read-write' }],
    secrets: [{ kind: 'access id', value: new Secret(accessId) }],
    access: 'sts',
  }
  const signed = (url: string, id = accessId) =>
    `${url}?X-Amz-Credential=${id}%2F1%2Fr%2Fs3%2Faws4_request&X-Amz-Security-Token=tok&X-Amz-Signature=sig`

  test('leads to the gateway, whichever way it is spelled, and to the file', async () => {
    await gateway.deps.grants.seal(grant)
    await gateway.store.put(`${folder}/out/a b.png`, utf8.encode('a picture'))
    const options = await cleaning(gateway.deps, [grant])
    for (const base of ['https://store.example/bucket', 'https://bucket.store.example']) {
      const url = `${base}/${folder}/out/a%20b.png`
      for (const link of [url, signed(url)]) {
        const [, sealed = ''] =
          /^"https:\/\/gateway\.example\/files\/([\w-]+)\/a%20b\.png"$/.exec(
            await cleanText(JSON.stringify(link), options),
          ) ?? []
        const reply = await readFile(gateway.deps, 'GET', sealed, new Headers())
        expect(await readReply(reply)).toBe('a picture')
      }
    }
  })

  test('loses its signature where it leads to no file of the job', async () => {
    const options = await cleaning(gateway.deps, [grant])
    const elsewhere = 'https://store.example/bucket/2026-11-21/other/out/a.png'
    expect(await cleanText(elsewhere, options)).toBe(elsewhere)
    for (const id of [accessId, 'ASIAOTHER']) {
      const cleaned = await cleanText(signed(elsewhere, id), options)
      expect(cleaned.startsWith(`${elsewhere}?`)).toBe(true)
      expect(cleaned).not.toMatch(/ASIAEXAMPLE|tok|sig$/)
    }
  })

  test.each(['https://10.0.0.5:9000', 'https://[fd00::1]:9000'])(
    'leads to the gateway also where the store is at %s',
    async (endpoint) => {
      const secret = { env: 'ANY' }
      const main = { kind: 's3', endpoint, region: 'auto', bucket: 'bucket' }
      const stores = { main: { ...main, accessKeyId: secret, secretAccessKey: secret } }
      const options = await cleaning(fakeGateway({ stores }).deps, [grant])
      const link = `${endpoint}/bucket/${folder}/out/a.png`
      expect(await cleanText(link, options)).toMatch(/^https:\/\/gateway\.example\/files\//)
      const own = 'https://gateway.example/s3/job_files/a.png'
      expect(await cleanText(own, options)).toBe(own)
    },
  )

  test('leads nowhere for a job without such keys', async () => {
    const { access: _none, ...own } = grant
    const options = await cleaning(gateway.deps, [own])
    const url = `https://store.example/bucket/${folder}/out/a.png`
    expect(await cleanText(url, options)).toBe(url)
  })
})
