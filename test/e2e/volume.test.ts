import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { leakForms } from '../../dev/worker/leak.ts'
import { json, observed } from './call.ts'
import { bytesOf, largeBytes, sha256 } from './payload.ts'
import { partBytes, type SignedPart, useVolumeStack, watchSizes } from './volume-scene.ts'

const { stack, directory, files, faults, volume, ask, put, upload } = useVolumeStack()
/** Requests that a volume has not, or not in that form, and how each was answered. */
const unfit: string[] = []
afterEach(() => {
  for (const server of [stack.volume.server(), stack.volume.server('US-KS-2')]) {
    for (const { operation, key, status } of server.log) {
      if ([400, 405, 411, 412, 413, 501].includes(status))
        unfit.push(`${operation} ${key} ${status}`)
    }
    server.clear()
  }
})

describe('A job of an endpoint with a network volume', () => {
  test('A large payload is a file of the volume, and the job has no credential', async () => {
    const file = bytesOf(largeBytes)
    const client = stack.sdk('volume')
    const started = await client.run({ input: { task: 'digest', file: file.toString('base64') } })
    const taken = await stack.platform.job(started.id)
    const path = `${taken.input['file']}`
    expect(path.startsWith(`${directory()}/bulkway/`), path).toBe(true)
    expect(taken.s3Config).toBeUndefined()
    expect((await readFile(path)).equals(file)).toBe(true)
    const done = await stack.settled('volume', started.id)
    expect(json(done)).toMatchObject({
      status: 'COMPLETED',
      output: { files: [{ bytes: file.length, sha256: sha256(file) }] },
    })
  })

  test('A file in a form too, and the caller’s own s3Config stays as it is', async () => {
    const s3Config = {
      accessId: 'AK',
      accessSecret: 'own',
      bucketName: 'b',
      endpointUrl: 'http://s',
    }
    const form = new FormData()
    form.set('task', 'digest')
    form.set('image', new Blob([new Uint8Array(bytesOf(300_000))], { type: 'image/png' }), 'a.png')
    form.set('s3Config', JSON.stringify(s3Config))
    const headers = { authorization: 'Bearer rpa_test' }
    const answer = await fetch(`${stack.url}/v2/volume/run`, {
      method: 'POST',
      headers,
      body: form,
    })
    const { id } = JSON.parse(await answer.text())
    const taken = await stack.platform.job(id)
    expect(taken.input['image']).toMatch(/\/in\/0-image\.png$/)
    expect(taken.s3Config).toEqual(s3Config)
    await stack.settled('volume', id)
  })

  test('What the worker writes comes back as a link that is streamed, in ranges too', async () => {
    const input = { task: 'write', directory: 'bulkway:output', key: 'a b.bin', bytes: 3_000_000 }
    const id = await stack.submitted('volume', { input })
    const { output } = json(await stack.settled('volume', id))
    const { path, sha256: digest } = Object(output)
    expect(path).toMatch(new RegExp(`^${stack.url}/files/`))
    const whole = Buffer.from(await (await fetch(path)).arrayBuffer())
    expect(sha256(whole)).toBe(digest)
    const part = await fetch(path, { headers: { range: 'bytes=1000-1999' } })
    expect(part.status).toBe(206)
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(1000, 2000))).toBe(true)
    expect(part.headers.get('content-range')).toBe('bytes 1000-1999/3000000')
  })
})

describe('Uploads to a volume', () => {
  test('Part URLs are the gateway’s, and an upload that broke off goes on', async () => {
    const file = bytesOf(2 * partBytes + 777, 5)
    const started = json(await ask('POST', '', { size: file.length, filename: 'w.bin' }))
    const [first, second] = started['parts'] as SignedPart[]
    if (first === undefined || second === undefined) throw new TypeError('There are no parts')
    expect(new URL(first.url).origin).toBe(stack.url)
    expect((await put(first, file.subarray(0, partBytes))).status).toBe(200)
    const half = stack.open('PUT', new URL(second.url).pathname + new URL(second.url).search, {
      headers: { ...second.headers, 'content-length': `${partBytes}` },
      key: '',
    })
    await half.write(file.subarray(partBytes, partBytes + 1_000_000))
    half.destroy()
    await half.answer.catch(() => {})

    const { uploadId } = started
    const known = json(await ask('GET', `/${uploadId}`))
    expect(known).toMatchObject({ state: 'open', landed: [{ partNumber: 1, size: partBytes }] })
    const rest = json(await ask('POST', `/${uploadId}/parts`, { partNumbers: [2, 3] }))
    const parts = [...(known['landed'] as { partNumber: number; etag: string }[])]
    for (const part of rest['parts'] as SignedPart[]) {
      const from = (part.partNumber - 1) * partBytes
      const { status, etag } = await put(part, file.subarray(from, from + partBytes))
      expect(status).toBe(200)
      parts.push({ partNumber: part.partNumber, etag: `${etag}` })
    }
    const named = parts.map(({ partNumber, etag }) => ({ partNumber, etag }))
    const done = await ask('POST', `/${uploadId}/complete`, { parts: named })
    expect(done.status, done.text).toBe(200)

    const ref = json(done)['ref']
    const id = await stack.submitted('volume', { input: { task: 'digest', file: ref } })
    const settled = json(await stack.settled('volume', id))
    expect(settled).toMatchObject({ output: { files: [{ sha256: sha256(file) }] } })
  })

  test('A kept file has its own name, and no reader of the volume sees half of it', async () => {
    const models = join(directory(), 'models')
    const watcher = watchSizes(models)
    const lengths = [2 * partBytes + 99, 2 * partBytes + 99, 60_000, 60_000]
    faults().quirks.halfMs = 50
    for (const [seed, length] of lengths.entries()) {
      const file = bytesOf(length, seed)
      const request = { retain: 'persist', name: 'models/w.bin', filename: 'w.bin' }
      const { complete } = await upload(file, request)
      const done = await complete()
      expect(done.status, done.text).toBe(200)
      expect(sha256(await readFile(join(models, 'w.bin')))).toBe(sha256(file))
    }
    const sizes = (await watcher.end()).get('w.bin')
    expect(sizes).toEqual(new Set(lengths))
  })
})

describe('A session on a volume', () => {
  test('Is a directory that the next job finds as it was left, empty directories and all', async () => {
    const headers = { 'bulkway-session': 'run-42' }
    const input = { task: 'write', directory: 'bulkway:session', key: 'step.pt', bytes: 20_000 }
    const id = await stack.submitted('volume', { input }, { headers })
    const taken = await stack.platform.job(id)
    const session = `${taken.input['directory']}`
    expect(session).toMatch(/\/bulkway\/sessions\/[0-9a-f]{32}\/volume\/run-42$/)
    await stack.settled('volume', id)
    await mkdir(join(session, 'empty'))
    const next = { task: 'digest', last: 'bulkway:session/step.pt' }
    const again = await stack.submitted('volume', { input: next }, { headers })
    const done = json(await stack.settled('volume', again))
    expect(done).toMatchObject({ output: { files: [{ bytes: 20_000 }] } })
    const told = await stack.call('GET', '/v2/volume/sessions/run-42')
    expect(json(told)).toMatchObject({ session: 'run-42', files: 1, bytes: 20_000 })
    const gone = await stack.call('DELETE', '/v2/volume/sessions/run-42')
    expect(gone.status, gone.text).toBe(204)
    expect(await files()).not.toContain(`${session.slice(directory().length + 1)}/step.pt`)
  })
})

describe('What volumes are seen to do', () => {
  test('A slow completion that the edge gives up is waited for', async () => {
    const file = bytesOf(partBytes + 1, 7)
    const { complete } = await upload(file)
    Object.assign(faults().quirks, { completeMs: 1_500, edgeTimeoutMs: 100 })
    const done = await complete()
    expect(done.status, done.text).toBe(200)
    const id = await stack.submitted('volume', { input: { task: 'digest', f: json(done)['ref'] } })
    const settled = json(await stack.settled('volume', id))
    expect(settled).toMatchObject({ output: { files: [{ sha256: sha256(file) }] } })
  })

  test('A file that vanishes after its completion is not acknowledged', async () => {
    const { complete } = await upload(bytesOf(partBytes + 1, 8))
    faults().quirks.vanishing = 1
    const done = await complete()
    expect(done.status, done.text).toBeGreaterThanOrEqual(500)
    expect(json(done)['code']).toBe('store_unavailable')
  })

  test('A full volume is named, the job is not submitted, and nothing of it stays', async () => {
    const before = await files()
    const submitted = stack.submissions()
    volume().sizeBytes = (await volume().files.usedBytes()) + 8_000_000
    const body = { input: { task: 'digest', file: bytesOf(largeBytes).toString('base64') } }
    const answer = await stack.submit('volume', body)
    expect([answer.status, json(answer)['code']]).toEqual([507, 'volume_full'])
    expect(answer.text).toContain('vol-eu')
    expect(answer.text).toContain('bulkway sweep')
    expect(stack.submissions()).toBe(submitted)
    await expect.poll(() => files(), { timeout: 10_000 }).toEqual(before)
    await expect
      .poll(() =>
        volume()
          .uploads.list()
          .then((all) => all.length),
      )
      .toBe(0)
  })

  test('A file that is being written is not told to a worker', async () => {
    faults().quirks.halfMs = 100
    const file = bytesOf(400_000, 14)
    const form = new FormData()
    form.set('task', 'digest')
    form.set('file', new Blob([new Uint8Array(file)]), 'a.bin')
    const headers = { authorization: 'Bearer rpa_test' }
    const sent = fetch(`${stack.url}/v2/volume/runsync`, { method: 'POST', headers, body: form })
    expect(JSON.parse(await (await sent).text())).toMatchObject({
      output: { files: [{ bytes: file.length, sha256: sha256(file) }] },
    })
  })

  test('A denial of what was allowed before is tried again', async () => {
    for (const operation of ['CreateMultipartUpload', 'UploadPart', 'HeadObject'] as const) {
      faults().fault({ operation, status: 403, code: 'AccessDenied' })
    }
    const body = { input: { task: 'digest', file: bytesOf(9_000_000, 4).toString('base64') } }
    const id = await stack.submitted('volume', body)
    expect(json(await stack.settled('volume', id))).toMatchObject({ status: 'COMPLETED' })
  })

  test('A clock that is two hours off is named', async () => {
    faults().quirks.clockOffsetMs = 7_200_000
    const body = { input: { task: 'digest', file: bytesOf(9_000_000, 4).toString('base64') } }
    const answer = await stack.submit('volume', body)
    expect([answer.status, json(answer)['code']]).toEqual([503, 'volume_refused'])
    expect(answer.text).toContain('clock')
  })

  test.each([
    ['stopped', 'volume_gone'],
    ['deleted', 'volume_gone'],
    ['unfunded', 'volume_refused'],
  ] as const)(
    'A volume that is %s is a clear error; what was acknowledged is not lost',
    async (state, code) => {
      const file = bytesOf(partBytes + 5, 9)
      const { complete } = await upload(file)
      const ref = json(await complete())['ref']
      const body = { input: { task: 'digest', file: bytesOf(9_000_000, 6).toString('base64') } }
      volume().state = state
      const refused = await stack.submit('volume', body)
      expect([refused.status, json(refused)['code']]).toEqual([503, code])
      expect(refused.text).toContain('vol-eu')
      volume().state = 'running'
      const id = await stack.submitted('volume', { input: { task: 'digest', file: ref } })
      const settled = json(await stack.settled('volume', id))
      expect(settled).toMatchObject({ output: { files: [{ sha256: sha256(file) }] } })
    },
  )
})

describe('What was acknowledged', () => {
  test('An upload that found the volume full goes on when there is room', async () => {
    const file = bytesOf(2 * partBytes, 13)
    const started = json(await ask('POST', '', { size: file.length }))
    const [first, second] = started['parts'] as SignedPart[]
    if (first === undefined || second === undefined) throw new TypeError('There are no parts')
    const landed = await put(first, file.subarray(0, partBytes))
    expect(landed.status).toBe(200)
    volume().sizeBytes = (await volume().files.usedBytes()) + 1_000_000
    const refused = await put(second, file.subarray(partBytes))
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([507, 'volume_full'])
    volume().sizeBytes = Number.POSITIVE_INFINITY
    const sent = await put(second, file.subarray(partBytes))
    expect(sent.status, sent.text).toBe(200)
    const parts = [landed, sent].map(({ partNumber, etag }) => ({ partNumber, etag }))
    const done = await ask('POST', `/${started['uploadId']}/complete`, { parts })
    expect(done.status, done.text).toBe(200)
  })

  test('A result is told while the volume is stopped, and its file is there when it runs again', async () => {
    const input = { task: 'write', directory: 'bulkway:output', bytes: 50_000 }
    const id = await stack.submitted('volume', { input })
    const { path } = Object(json(await stack.settled('volume', id))['output'])
    volume().state = 'stopped'
    const told = await stack.call('GET', `/v2/volume/status/${id}`)
    expect([told.status, json(told)['status']]).toEqual([200, 'COMPLETED'])
    const gone = await fetch(path)
    expect([gone.status, JSON.parse(await gone.text()).code]).toEqual([503, 'volume_gone'])
    volume().state = 'running'
    expect((await (await fetch(path)).arrayBuffer()).byteLength).toBe(50_000)
  })

  test.each([
    ['an endpoint that is deleted', 'missing', undefined, 404],
    ['an account that is not funded', 'volume', 402, 402],
  ] as const)(
    'The answer of %s is passed on, and nothing stays',
    async (_, endpoint, planted, status) => {
      const before = await files()
      if (planted !== undefined) {
        const body = JSON.stringify({ path: 'run', status: planted, body: { error: 'no balance' } })
        await fetch(`${stack.platformUrl}/_emulator/next`, { method: 'POST', body })
      }
      const body = { input: { task: 'digest', file: bytesOf(9_000_000, 3).toString('base64') } }
      expect((await stack.submit(endpoint, body)).status).toBe(status)
      await expect.poll(() => files(), { timeout: 10_000 }).toEqual(before)
    },
  )
})

describe('A gateway that dies', () => {
  test.each([
    ['a slow completion', { completeMs: 1_000 }, {}],
    ['keeping a file', { completeMs: 1_000 }, { retain: 'persist', name: 'models/crash.bin' }],
  ])(
    'In the middle of %s: it is called again, and the file is whole',
    async (_, quirks, request) => {
      const file = bytesOf(partBytes + 4_321, 15)
      const { complete } = await upload(file, { filename: 'crash.bin', ...request })
      Object.assign(faults().quirks, quirks)
      const dying = complete().catch(() => undefined)
      await expect.poll(() => faults().log.at(-1)?.operation).toBe('CompleteMultipartUpload')
      await stack.killGateway()
      expect(await dying).toBeUndefined()
      await stack.startGateway()
      const done = await complete()
      expect(done.status, done.text).toBe(200)
      const input = { task: 'digest', file: json(done)['ref'] }
      const id = await stack.submitted('volume', { input })
      const settled = json(await stack.settled('volume', id))
      expect(settled).toMatchObject({ output: { files: [{ sha256: sha256(file) }] } })
    },
  )
})

describe('An endpoint with a volume in each of two datacenters', () => {
  const other = () => stack.volume.volumes[1]?.directory ?? ''

  test('A payload is on both, under one path, and is deleted on both', async () => {
    const file = bytesOf(9_000_000, 11)
    const body = { input: { task: 'digest', file: file.toString('base64') } }
    const id = await stack.submitted('both', body)
    const { input } = await stack.platform.job(id)
    const path = `${input['file']}`.slice(directory().length)
    for (const root of [directory(), other()]) {
      expect(sha256(await readFile(join(root, path))), root).toBe(sha256(file))
    }
    await stack.call('DELETE', `/v2/both/jobs/${id}`)
    for (const root of [directory(), other()]) {
      expect(await files(root)).not.toContain(path.slice(1))
    }
  })

  test('Where one refuses, nothing is submitted and nothing stays on the other', async () => {
    const before = [await files(), await files(other())]
    const submitted = stack.submissions()
    stack.volume.server('US-KS-2').volume('vol-us').state = 'stopped'
    const body = { input: { task: 'digest', file: bytesOf(9_000_000, 12).toString('base64') } }
    const answer = await stack.submit('both', body)
    expect([answer.status, json(answer)['code']]).toEqual([503, 'volume_gone'])
    expect(answer.text).toContain('vol-us')
    expect(stack.submissions()).toBe(submitted)
    stack.volume.server('US-KS-2').clear()
    await expect
      .poll(async () => [await files(), await files(other())], { timeout: 10_000 })
      .toEqual(before)
  })
})

describe('The sweep of a volume', () => {
  test('Listings that repeat their token or answer 502 are gone on with; what is not ours stays', async () => {
    await mkdir(join(directory(), 'models'), { recursive: true })
    await writeFile(join(directory(), 'models/own.bin'), 'of the worker')
    expect((await files()).filter((path) => path.startsWith('bulkway/')).length).toBeGreaterThan(3)
    Object.assign(faults().quirks, { pageKeys: 2, repeatedTokens: 2 })
    faults().fault({ operation: 'ListObjectsV2', status: 502 })
    await stack.sweep(new Date(Date.now() + 40 * 86_400_000))
    expect((await files()).filter((path) => path.startsWith('bulkway/'))).toEqual([])
    expect(await files()).toContain('models/own.bin')
    expect(faults().quirks.repeatedTokens).toBeLessThan(2)
  })
})

test('Nothing is asked of a volume that it does not have', () => {
  expect(unfit).toEqual([])
})

test('The account’s key is in no answer, in no request to the platform and in no line of the log', async () => {
  const { secretAccessKey, accessKeyId } = stack.volume.key
  const forms = { ...leakForms(secretAccessKey), accessKeyId }
  const texts = [
    ...observed.flatMap(({ text, headers }) => [text, JSON.stringify(headers)]),
    ...stack.upstream.log.flatMap(({ kept }) => [
      `${kept?.body}`,
      JSON.stringify(kept?.headers ?? {}),
    ]),
    ...stack.gatewayLines,
  ]
  expect(texts.length).toBeGreaterThan(100)
  for (const [form, secret] of Object.entries(forms)) {
    expect(
      texts.filter((text) => text.includes(secret)),
      form,
    ).toEqual([])
  }
})

test('A volume elsewhere than the store says is named, with both datacenters', async () => {
  const { rest } = stack.volume
  const found = rest.volumes.get('vol-us')
  if (found === undefined) throw new TypeError('There is no such volume')
  rest.volumes.set('vol-us', { ...found, dataCenterId: 'EU-CZ-1' })
  await stack.killGateway()
  if (stack.runtime === 'node') {
    await expect(stack.startGateway()).rejects.toThrow(/vol-us in EU-CZ-1.*US-KS-2/)
  } else {
    await stack.startGateway()
    const body = { input: { task: 'digest', file: bytesOf(9_000_000, 3).toString('base64') } }
    const answer = await stack.submit('both', body)
    expect([answer.status, json(answer)['code']]).toEqual([503, 'misconfigured'])
    expect((await stack.submit('volume', body)).status).toBe(200)
  }
})
