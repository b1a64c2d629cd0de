import { describe, expect, test } from 'vitest'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { readJob } from '../../../src/flows/read-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../../src/flows/webhooks/receive-webhook.ts'
import { inputPrefix, outputPrefix } from '../../../src/store/keys.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { callOf } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'
import { lastRun, leaksOf, openVolume, type VolumeBed } from './volume-bed.ts'

const json = { 'content-type': 'application/json' }
const pixels = Buffer.alloc(75_000, 'x')
const input = { image: pixels.toString('base64'), steps: 3 }
const webhook = 'https://client.example/hook'
const link = /^https:\/\/gateway\.example\/files\/([\w-]+)\/[^/]+$/
const root = '/runpod-volume/bulkway/'
const bytes = (text: string) => new TextEncoder().encode(text)

async function submit(bed: VolumeBed, more: object = {}, headers: Record<string, string> = {}) {
  const text = JSON.stringify({ input, ...more })
  return await submitJob(bed.deps, callOf('demo', text, headers), 'run')
}

async function grantOf({ deps }: VolumeBed) {
  const grant = await deps.grants.find('demo', 'job-1')
  if (grant === undefined) throw new Error('no grant')
  return grant
}

describe('a payload on a network volume', () => {
  test('is the path at which the worker finds it, and the job has no keys', async () => {
    const bed = openVolume()
    await readReply(await submit(bed))
    const run = lastRun(bed)
    const [key = ''] = bed.volume.objects.keys()
    expect(run.input).toEqual({ image: `${root}${key}`, steps: 3 })
    expect(Object.keys(run).sort()).toEqual(['input', 'webhook'])
    expect(Buffer.from(bed.volume.objects.get(key)?.bytes ?? [])).toEqual(pixels)
    expect([...bed.gateway.store.objects.keys()].filter((one) => /^\d/.test(one))).toEqual([])
  })

  test('is where the store mounts it', async () => {
    const bed = openVolume({}, {})
    const volume = bed.deps.config.stores.get('volume')
    expect(volume).toMatchObject({ kind: 'runpod-volume', presign: false })
    expect(volume?.volume?.mountPath).toBe('/runpod-volume')
  })

  test('leaves the caller’s own s3Config as it is, and stays a path beside it', async () => {
    const bed = openVolume()
    const s3Config = { accessId: 'mine', accessSecret: 'my-secret', bucketName: 'b' }
    await readReply(await submit(bed, { s3Config }))
    const run = lastRun(bed)
    expect(run['s3Config']).toEqual(s3Config)
    expect(run.input['image']).toMatch(/^\/runpod-volume\/bulkway\/\d/)
  })

  test('may be a link by a rule', async () => {
    const bed = openVolume({ rules: [{ pointer: '/input/image', as: 'url' }] })
    await readReply(await submit(bed))
    expect(lastRun(bed).input['image']).toMatch(link)
  })

  test('is shown where it would be', async () => {
    const bed = openVolume()
    const plan = JSON.parse(await readReply(await submit(bed, {}, { prefer: 'return=plan' })))
    expect(plan.access).toEqual({ kind: 'volume', s3Config: false })
    expect(plan.staged).toEqual([
      expect.objectContaining({
        as: 'path',
        path: 'in/0-image.bin',
        workerPath: expect.stringMatching(
          /^\/runpod-volume\/bulkway\/[\d-]{10}\/[a-z2-7]{26}\/in\/0-image\.bin$/,
        ),
      }),
    ])
    expect(bed.volume.objects.size).toBe(0)
  })

  test.each([
    [401, '{"error":"unauthorized"}'],
    [402, '{"error":"Insufficient funds"}'],
    [404, '{"error":"endpoint not found"}'],
  ])('is removed where the platform answers %i, which goes on as it is', async (status, body) => {
    const bed = openVolume()
    bed.gateway.upstream = ({ url }) =>
      url.endsWith('/health') ? answer(200, '{}') : answer(status, body, json)
    const reply = await submit(bed)
    expect(reply.status).toBe(status)
    expect(await readReply(reply)).toBe(body)
    await bed.gateway.idle()
    expect(bed.volume.objects.size).toBe(0)
  })
})

describe('a path in an answer', () => {
  async function start() {
    const bed = openVolume()
    await readReply(await submit(bed, { webhook }))
    const grant = await grantOf(bed)
    const out = outputPrefix(grant)
    await bed.volume.put(`${out}a b.png`, bytes('pixels'), { contentType: 'image/png' })
    await bed.volume.put(`${out}sub/x`, bytes('deep'))
    const other = outputPrefix({ day: grant.day, grantId: 'a'.repeat(26) })
    await bed.volume.put(`${other}a b.png`, bytes('not yours'))
    await bed.volume.put('models/m.bin', bytes('weights'))
    return { ...bed, grant, out, other }
  }

  async function seen(bed: VolumeBed, output: unknown) {
    bed.gateway.upstream = () => answer(200, JSON.stringify({ id: 'job-1', output }), json)
    const call = { ...callOf('demo'), method: 'GET' }
    return JSON.parse(await readReply(await readJob(bed.deps, call, 'status', 'job-1'))).output
  }

  test('is a link where its file is an output of the job', async () => {
    const bed = await start()
    const found = await seen(bed, { files: [`${root}${bed.out}a b.png`, `${root}${bed.out}sub/x`] })
    const [, sealed = ''] = link.exec(found.files[0]) ?? []
    const reply = await readFile(bed.deps, 'GET', sealed, new Headers())
    expect(reply.headers.get('content-type')).toBe('image/png')
    expect(await readReply(reply)).toBe('pixels')
    expect(found.files[1]).toMatch(link)
  })

  test('leads to a file of the type that its name tells, where the volume knows none', async () => {
    const bed = await start()
    for (const name of ['c.JPG', 'd.unknown']) {
      const contentType = 'binary/octet-stream'
      await bed.volume.put(`${bed.out}${name}`, bytes('x'), { contentType })
      const found = await seen(bed, `${root}${bed.out}${name}`)
      const reply = await readFile(bed.deps, 'HEAD', link.exec(found)?.[1] ?? '', new Headers())
      expect(reply.headers.get('content-type')).toBe(
        name === 'c.JPG' ? 'image/jpeg' : 'application/octet-stream',
      )
    }
  })

  test('is a link where its file lies in the session of the job, and of no other', async () => {
    const bed = openVolume({ sessions: {} })
    const named = { 'bulkway-session': 'run-42' }
    await readReply(await submit(bed, { input: { ...input, dir: 'bulkway:session' } }, named))
    const { dir } = lastRun(bed).input
    const [mount] = (await grantOf(bed)).mounts.filter(({ path }) => path.startsWith('session'))
    expect(dir).toBe(`${root}${mount?.key}`.slice(0, -1))
    const other = `${dir}`.replace(/run-42$/, 'run-43')
    for (const path of [`${dir}/last.ckpt`, `${other}/last.ckpt`]) {
      await bed.volume.put(path.slice(root.length), bytes('state'))
    }
    const found = await seen(bed, [`${dir}/last.ckpt`, `${other}/last.ckpt`, `${dir}-2/last.ckpt`])
    expect(found).toEqual([expect.stringMatching(link), `${other}/last.ckpt`, `${dir}-2/last.ckpt`])
    const reply = await readFile(bed.deps, 'GET', link.exec(found[0])?.[1] ?? '', new Headers())
    expect(await readReply(reply)).toBe('state')
  })

  test('stays text where it is anything else', async () => {
    const bed = await start()
    const { out, other, grant } = bed
    const staged = [...bed.volume.objects.keys()].find((key) => key.includes('/in/')) ?? ''
    const texts = [
      `${root}${other}a b.png`,
      `${root}${out}../../${other.slice(11)}a b.png`,
      `${root}${out}./a b.png`,
      `${root}${out}/a b.png`,
      `${root}${out}sub`,
      `${root}${out}`,
      `${root}${out}none.png`,
      `${root}${staged}`,
      `${root}${inputPrefix(grant)}x`,
      '/runpod-volume/models/m.bin',
      `/runpod-volume/../runpod-volume/bulkway/${out}a b.png`,
      `see ${root}${out}a b.png`,
      `/runpod-volume-2/bulkway/${out}a b.png`,
      `${out}a b.png`,
    ]
    expect(await seen(bed, texts)).toEqual(texts)
  })

  test('is asked for once, and stays text where the volume cannot tell', async () => {
    const bed = await start()
    const path = `${root}${bed.out}a b.png`
    const asked: string[] = []
    bed.volume.before = (line) => void asked.push(line)
    expect(await seen(bed, [path, path, { path }])).toEqual([
      expect.stringMatching(link),
      expect.stringMatching(link),
      { path: expect.stringMatching(link) },
    ])
    expect(asked).toEqual([`HEAD ${bed.out}a b.png`])
    bed.volume.before = () => {
      throw unavailable()
    }
    expect(await seen(bed, [path])).toEqual([path])
    expect(bed.gateway.logged).toContainEqual(
      expect.objectContaining({ event: 'outputs_not_listed', endpoint: 'demo' }),
    )
  })

  test('is looked for no more often than the limit says', async () => {
    const bed = await start()
    const config = { ...bed.deps.config, limits: { ...bed.deps.config.limits, listedOutputs: 1 } }
    const limited = { ...bed, deps: { ...bed.deps, config } }
    const paths = ['sub/x', 'a b.png'].map((name) => `${root}${bed.out}${name}`)
    expect(await seen(limited, paths)).toEqual([expect.stringMatching(link), paths[1]])
  })

  test('is a link in the webhook, which waits in the state store', async () => {
    const bed = await start()
    const token = String(lastRun(bed)['webhook']).split('/').at(-1) ?? ''
    const written: string[] = []
    const state: string[] = []
    bed.volume.before = (line) => void written.push(line)
    bed.gateway.store.before = (line) => void state.push(line)
    bed.gateway.upstream = () => answer(200)
    const outcome = { id: 'job-1', status: 'COMPLETED', output: [`${root}${bed.out}a b.png`] }
    await readReply(
      await receiveWebhook(bed.deps, token, answer(200, JSON.stringify(outcome)).body),
    )
    const relayed = bed.gateway.sent.findLast(({ url }) => url === webhook)
    expect(JSON.parse(Buffer.from(relayed?.body ?? []).toString()).output[0]).toMatch(link)
    expect(written.filter((line) => !line.startsWith('HEAD '))).toEqual([])
    expect(state.some((line) => /^put \S+\/webhook\/body\.json$/.test(line))).toBe(true)
  })

  test('is a link in a durable webhook as well', async () => {
    const bed = openVolume({}, { webhooks: { durable: true } })
    await readReply(await submit(bed, { webhook }))
    const token = String(lastRun(bed)['webhook']).split('/').at(-1) ?? ''
    bed.gateway.upstream = () => answer(200)
    const outcome = { id: 'job-1', status: 'COMPLETED', output: 'done' }
    await readReply(
      await receiveWebhook(bed.deps, token, answer(200, JSON.stringify(outcome)).body),
    )
    await bed.gateway.idle()
    const relayed = bed.gateway.sent.findLast(({ url }) => url === webhook)
    expect(JSON.parse(Buffer.from(relayed?.body ?? []).toString()).output).toBe('done')
  })
})

describe('the account’s key', () => {
  test('is in nothing that goes to the platform', async () => {
    const bed = openVolume()
    await readReply(await submit(bed, { webhook }))
    for (const { url, headers, body } of bed.gateway.sent) {
      const text = url + JSON.stringify([...headers]) + Buffer.from(body ?? []).toString()
      expect(leaksOf(bed, [text])).toEqual([])
    }
  })
})
