import { beforeEach, describe, expect, test } from 'vitest'
import { cleaning } from '../../../src/flows/clean-answer.ts'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { readJob } from '../../../src/flows/read-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import type { Grant } from '../../../src/grants/grant.ts'
import { createGrantId } from '../../../src/grants/grant-id.ts'
import { Secret } from '../../../src/log.ts'
import { makeFileLink } from '../../../src/outputs/file-link.ts'
import { cleanText } from '../../../src/scrub/clean.ts'
import { outputPrefix } from '../../../src/store/keys.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

const utf8 = new TextEncoder()
const json = { 'content-type': 'application/json' }
let gateway: FakeGateway
let grant: Grant
let accessId: string

/** A gateway with a job of the given endpoint. */
async function start(changes: Record<string, unknown> = {}, endpointId = 'demo'): Promise<void> {
  gateway = fakeGateway(changes)
  await readReply(await submitJob(gateway.deps, callOf(endpointId, '{"input":{}}'), 'run'))
  const found = await gateway.deps.grants.find(endpointId, 'job-1')
  if (found === undefined) throw new Error('no grant')
  grant = found
  accessId = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString()).s3Config.accessId
}

beforeEach(() => start())

/** What the client sees of an output. */
async function see(output: unknown, more: object = {}): Promise<string> {
  const body = JSON.stringify({ id: 'job-1', status: 'COMPLETED', output, ...more })
  gateway.upstream = () => answer(200, body, json)
  const call = { ...callOf(grant.endpointId), method: 'GET' }
  return await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
}

async function seen(output: unknown): Promise<unknown> {
  return JSON.parse(await see(output)).output
}

async function wrote(path: string, text: string): Promise<void> {
  await gateway.store.put(`${outputPrefix(grant)}${path}`, utf8.encode(text))
}

async function fileAt(link: unknown): Promise<string> {
  const [, sealed = ''] =
    /^https:\/\/gateway\.example\/files\/([\w-]+)\/[^/]+$/.exec(`${link}`) ?? []
  return await readReply(await readFile(gateway.deps, 'GET', sealed, new Headers()))
}

const refusals = () =>
  gateway.logged.filter(({ event }) => event === 'reference_refused').map(({ reason }) => reason)

const signed = (url: string, id = accessId) =>
  `${url}?X-Amz-Credential=${id}%2F1%2Fr%2Fs3%2Faws4_request&X-Amz-Signature=sig`

describe('a link to an output', () => {
  test('lives as long as the output', async () => {
    await wrote('a.png', 'pixels')
    const link = await seen('https://gateway.example/s3/job_files/a.png')
    gateway.clock.now = grant.readExpiresAt - 1000
    expect(await fileAt(link)).toBe('pixels')
    gateway.clock.now = grant.readExpiresAt
    await expect(fileAt(link)).rejects.toMatchObject({ code: 'not_found' })
    // A link that is made late is good for no longer.
    gateway.clock.now = grant.readExpiresAt - 2000
    const late = await seen('https://gateway.example/s3/job_files/a.png')
    gateway.clock.now = grant.readExpiresAt
    await expect(fileAt(late)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('is made of whatever a worker names it by', async () => {
    await start({ jobBucketUrl: 'https://s3.bulkway.example' })
    await wrote('out/a b.png', 'pixels')
    const encoded = 'out/a%20b.png'
    for (const text of [
      signed(`https://s3.bulkway.example/job_files/${encoded}`),
      `https://s3.bulkway.example/11-26/${encoded}`,
      'https://s3.bulkway.example/job_files/out/a b.png',
      signed(`https://11-26.s3.bulkway.example/${encoded}`),
      `https://my-bucket.s3.bulkway.example/${encoded}`,
      'https://job_files.s3.bulkway.example/out/a b.png',
      's3://job_files/out/a b.png',
    ]) {
      expect(await fileAt(await seen(text)), text).toBe('pixels')
      const nested = JSON.parse(`${await seen(JSON.stringify({ text }))}`)
      expect(await fileAt(nested.text), text).toBe('pixels')
    }
    await wrote('out/a.png', 'pixels')
    const prose = await seen('saved s3://job_files/out/a.png, and more')
    const [, link] = /^saved (\S+), and more$/.exec(`${prose}`) ?? []
    expect(await fileAt(link)).toBe('pixels')
    expect(refusals()).toEqual([])
  })

  test('with spaces is one where its file is there, and ends at the first of them elsewhere', async () => {
    await wrote('a #1 (ü)?.png', 'one')
    await wrote('a', 'two')
    const base = 'https://gateway.example/s3/job_files'
    expect(await fileAt(await seen(`${base}/a #1 (ü)?.png`))).toBe('one')
    const prose = `${await seen(`${base}/a is where it lies, not ${base}/b.`)}`
    const [, first, second] = /^(\S+) is where it lies, not (\S+)\.$/.exec(prose) ?? []
    expect(await fileAt(first)).toBe('two')
    expect(second).toMatch(/^https:\/\/gateway\.example\/files\/.+\/b$/)
    gateway.store.before = (line) => {
      if (line.startsWith('list ')) throw unavailable()
    }
    expect(await seen(`${base}/a #1 (ü)?.png`)).toMatch(
      /^https:\S+\/files\/\S+\/a #1 \(ü\)\?\.png$/,
    )
    expect(gateway.logged).toContainEqual(expect.objectContaining({ event: 'outputs_not_listed' }))
  })

  test('shows no secret that a worker made part of a file’s name or type', async () => {
    const { accessSecret } = JSON.parse(
      Buffer.from(gateway.sent.at(-1)?.body ?? []).toString(),
    ).s3Config
    const key = `rpa_${'aB3'.repeat(14)}`
    for (const secret of [accessSecret, key]) {
      // A slash would end the name.
      const name = `a ${secret.replaceAll('/', '%2F')}.png`
      await wrote(`out/${name}`, 'pixels')
      const encoded = encodeURIComponent(name)
      for (const text of [
        signed(`https://gateway.example/s3/job_files/out/${encoded}`),
        `https://gateway.example/s3/job_files/out/${encoded}`,
        `s3://job_files/out/${name}`,
        `bulkway-output://${accessId}/${encodeURIComponent(`out/${name}`)}?as=base64`,
      ]) {
        const link = await seen(text)
        expect(`${link}`, text).not.toContain(secret)
        expect(decodeURIComponent(`${link}`), text).toMatch(/\/a \*+\.png$/)
        expect(await fileAt(link), text).toBe('pixels')
      }
    }
    const own = { upstream: 'https://upstream.example/v2', store: 'main' }
    await start({ endpoints: { '*': own, demo: { ...own, outputs: 'inline' } } })
    const options = await cleaning(gateway.deps, [grant])
    const reference = `bulkway-output://${accessId}/a.png?as=base64&type=image%2F${accessId}&bytes=6`
    expect(await cleanText(reference, options)).toMatch(
      /\/a\.png#as=base64&type=image%2F\*{20,}&bytes=6$/,
    )
  })

  test('elsewhere stays byte for byte', async () => {
    const output = [
      'https://elsewhere.example/job_files/a b.png?X-Amz-Signature=sig',
      'https://elsewhere.example/s3/job_files/../x',
      's3://other/a.png',
      's3://job_files2/a.png',
      'https://s3.gateway.example/job_files/a.png',
      'http://gateway.example/s3/job_files/a.png',
      'https://gateway.example/s3',
      'https://gateway.example/s3/job_files',
      'https://gateway.example/elsewhere',
    ]
    expect(await see(output)).toContain(JSON.stringify(output))
    expect(refusals()).toEqual([])
  })
})

describe('a link that is none of the job', () => {
  test('is refused, and the log says why and never what', async () => {
    const base = 'https://gateway.example/s3/job_files'
    const other = await see([signed(`${base}/a.png`, 'BW1ANOTHERJOBSKEY')])
    expect(other).toContain(`${base}/a.png?X-Amz-Credential=BW1ANOTHERJOBSKEY`)
    expect(other).not.toContain('=sig')
    expect(refusals()).toEqual(['another job'])
    for (const path of ['..', '%2e%2e', 'a/%2e%2e/%2e%2e']) {
      const text = `${base}/${path}/other/out/a.png`
      expect(await seen(text)).toBe(text)
    }
    expect(await seen('s3://job_files/../../other')).toBe('s3://job_files/../../other')
    expect(refusals()).toEqual(['another job', ...Array(4).fill('unclear path')])
    expect(JSON.stringify(gateway.logged)).not.toMatch(/BW1ANOTHER|other\/out|job_files/)
  })

  test('is logged once an answer for each reason', async () => {
    const base = 'https://gateway.example/s3/job_files'
    await see(Array(500).fill([signed(`${base}/a.png`, 'BW1OTHER'), `${base}/../a`]))
    expect(refusals()).toEqual(['another job', 'unclear path'])
  })

  test('is left alone where another job’s link is right, and noted where it is forged', async () => {
    const { deps } = gateway
    const grantId = createGrantId('2026-11-22')
    const own = { keyring: deps.keyring, publicUrl: 'https://gateway.example', path: 'a.png' }
    const link = await makeFileLink({ ...own, grantId, expiresAt: gateway.clock.now + 60_000 })
    expect(await seen(link)).toBe(link)
    expect(refusals()).toEqual([])
    const at = link.indexOf('/files/') + 20
    const forged = `${link.slice(0, at)}${link[at] === 'A' ? 'B' : 'A'}${link.slice(at + 1)}`
    expect(await seen(forged)).toBe(forged)
    expect(refusals()).toEqual(['forged link'])
    await expect(fileAt(forged)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a plain link in an answer about several jobs', () => {
  const base = 'https://gateway.example/s3/job_files'

  async function several(count: number) {
    await gateway.store.put(`${outputPrefix(grant)}both.png`, utf8.encode('first'))
    const grants = [grant]
    for (let i = 1; i < count; i++) {
      const grantId = createGrantId(grant.day)
      const root = outputPrefix(grant).replace(grant.grantId, grantId)
      const mounts = grant.mounts.map((one) => ({
        ...one,
        key: one.key.replaceAll(grant.grantId, grantId),
      }))
      const other = { ...grant, grantId, jobId: `other-${i}`, mounts }
      await gateway.deps.grants.seal(other)
      await gateway.store.put(`${root}both.png`, utf8.encode('other'))
      if (i === count - 1) await gateway.store.put(`${root}b.png`, utf8.encode('last'))
      grants.push(other)
    }
    const options = await cleaning(gateway.deps, grants)
    return (text: string) => cleanText(text, options)
  }

  test('is of the one that has the file, and of nobody where two or none have it', async () => {
    const clean = await several(3)
    expect(await fileAt(await clean(`${base}/b.png`))).toBe('last')
    expect(await fileAt(await clean('s3://job_files/b.png'))).toBe('last')
    for (const text of [`${base}/both.png`, 's3://job_files/both.png', `${base}/c.png`]) {
      expect(await clean(text)).toBe(text)
    }
    expect(await fileAt(await clean(signed(`${base}/both.png`)))).toBe('first')
    expect(refusals()).toEqual([])
  })

  test('stays where too many outputs would have to be listed', async () => {
    const clean = await several(21)
    expect(await clean(`${base}/b.png`)).toBe(`${base}/b.png`)
    expect(await fileAt(await clean(signed(`${base}/both.png`)))).toBe('first')
  })
})

describe('a URI of the store’s own bucket', () => {
  const day = '2026-11-21'
  const folder = `${day}/${createGrantId(day)}`
  const native: Grant = {
    grantId: folder.slice(11),
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
    secrets: [{ kind: 'access id', value: new Secret('ASIAEXAMPLE') }],
    access: 'sts',
  }

  test('leads to the job’s own files alone', async () => {
    await gateway.deps.grants.seal(native)
    await gateway.store.put(`${folder}/out/a b.png`, utf8.encode('pixels'))
    await gateway.store.put(`${folder}/out/a.png`, utf8.encode('pixels'))
    const options = await cleaning(gateway.deps, [native])
    const clean = (text: string) => cleanText(text, options)
    const uri = `s3://bucket/${folder}/out`
    expect(await fileAt(await clean(`${uri}/a.png`))).toBe('pixels')
    expect(await fileAt(JSON.parse(await clean(`"${uri}/a b.png"`)))).toBe('pixels')
    for (const elsewhere of [
      `s3://bucket/${folder}/in/a.png`,
      `s3://bucket/${day}/${createGrantId(day)}/out/a.png`,
      `s3://bucket/${folder}/out/../../a.png`,
      's3://bucket/2026-11-20/x/out/a.png',
      's3://other/a.png',
    ]) {
      expect(await clean(elsewhere)).toBe(elsewhere)
    }
    expect(refusals()).toEqual(['beyond the job', 'unclear path'])
  })
})
