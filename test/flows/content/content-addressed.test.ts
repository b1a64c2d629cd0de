import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { addItems } from '../../../src/flows/batch/add-items.ts'
import { deleteJob } from '../../../src/flows/delete-job.ts'
import type { Call, Deps } from '../../../src/flows/deps.ts'
import { submitOpenai } from '../../../src/flows/openai/submit-openai.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { sweepContent } from '../../../src/grants/content-sweep.ts'
import { realKey } from '../../../src/grants/mount-path.ts'
import { sweepDue } from '../../../src/grants/sweep.ts'
import type { Reply } from '../../../src/platform.ts'
import { jobPrefix } from '../../../src/store/keys.ts'
import { refOf } from '../../../src/uploads/ref.ts'
import type { Upload } from '../../../src/uploads/upload.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { type NativeBed, openB2, openR2 } from '../native-bed.ts'
import { uploadOf } from '../upload-of.ts'

const dayMs = 86_400_000
const photo = Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(3000, 7)])
const other = Buffer.concat([photo, Buffer.from('x')])
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const pathOf = (bytes: Uint8Array) => `in/sha256-${sha256(bytes)}.jpg`

const endpoints = (changes: Record<string, unknown> = {}) => ({
  endpoints: {
    '*': {
      upstream: 'https://upstream.example/v2',
      store: 'main',
      stage: 'always',
      stageMinBytes: 100,
      contentAddressed: true,
    },
    demo: { as: 'key', ...changes },
    another: { as: 'key' },
    link: { as: 'url' },
  },
})

let gateway: FakeGateway
let jobs = 0

beforeEach(() => {
  start()
})

function start(changes: Record<string, unknown> = {}): void {
  gateway = fakeGateway(endpoints(changes))
  gateway.upstream = ({ url }) => ({
    status: 200,
    headers: new Headers({ 'content-type': 'application/json' }),
    body: bodyOf(url.endsWith('/health') ? '{}' : `{"id":"job-${++jobs}","status":"IN_QUEUE"}`),
  })
}

function bodyOf(text: string) {
  let rest: Uint8Array | undefined = new TextEncoder().encode(text)
  return {
    async read() {
      const chunk = rest
      rest = undefined
      return chunk
    },
    cancel: async () => {},
    stream: () => new Blob([text]).stream(),
  }
}

const jsonOf = (input: Record<string, Uint8Array>, endpoint = 'demo', key = 'a-key') =>
  callOf(
    endpoint,
    JSON.stringify({
      input: Object.fromEntries(
        Object.entries(input).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
      ),
    }),
    { 'content-type': 'application/json', authorization: `Bearer ${key}` },
  )

/** The `input` that went upstream, and the job's id. */
async function submit(call: Call, deps: Deps = gateway.deps) {
  const reply = await submitJob(deps, call, 'run')
  const id: string = JSON.parse(await textOf(reply)).id
  await gateway.idle()
  const job = gateway.sent.filter(({ url }) => url.endsWith('/run')).at(-1)
  return { id, input: JSON.parse(String(Buffer.from(job?.body ?? []))).input }
}

async function textOf({ body }: Reply): Promise<string> {
  if (body === undefined || body instanceof Uint8Array) return String(Buffer.from(body ?? []))
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(chunk.slice())
  }
  return String(Buffer.concat(chunks))
}

const keys = (pattern: RegExp) =>
  [...gateway.store.objects.keys()].filter((key) => pattern.test(key))
const kept = () => keys(/^content\/[0-9a-f]{32}\//)
const ownFiles = () => keys(/^\d{4}-\d\d-\d\d\/[a-z2-7]{26}\/in\//)

/** What the worker of a job reads at a path. */
async function read(jobId: string, path: string, endpoint = 'demo') {
  const grant = await gateway.deps.grants.find(endpoint, jobId)
  const key = grant && realKey(grant, path, 'read')
  return key === undefined ? undefined : gateway.store.objects.get(key)?.bytes
}

const sweep = (now = gateway.clock.now, state = gateway.store) =>
  sweepContent({
    stores: new Map([['main', gateway.store]]),
    state,
    now,
    clock: () => now,
    log: { write: (_, event) => void gateway.logged.push(event) },
    limit: 1000,
  })

describe('a payload that is named by its content', () => {
  test('is the same key whenever it is sent, and stored once', async () => {
    const first = await submit(jsonOf({ image: photo }))
    const second = await submit(jsonOf({ picture: photo }))
    expect(first.input).toEqual({ image: pathOf(photo) })
    expect(second.input).toEqual({ picture: pathOf(photo) })
    expect(kept()).toHaveLength(1)
    expect(kept()[0]).toMatch(new RegExp(`/demo/sha256-${sha256(photo)}\\.jpg$`))
    expect(ownFiles()).toEqual([])
    for (const { id } of [first, second]) {
      expect(Buffer.from((await read(id, pathOf(photo))) ?? []).equals(photo)).toBe(true)
    }
  })

  test('is one file where one request has it twice', async () => {
    const { id, input } = await submit(jsonOf({ a: photo, b: photo, c: other }))
    expect(input).toEqual({ a: pathOf(photo), b: pathOf(photo), c: pathOf(other) })
    expect(kept()).toHaveLength(2)
    expect((await gateway.deps.grants.find('demo', id))?.mounts).toHaveLength(3)
  })

  test('may be a file of a form or a raw body', async () => {
    await submit(jsonOf({ image: photo }))
    const raw = callOf('demo', undefined, { 'content-type': 'image/jpeg' })
    const body = { ...raw, contentLength: photo.length, body: chunksOf(photo) }
    const { input } = await submit(body)
    expect(input.file).toBe(pathOf(photo))
    const form = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n'),
      Buffer.from('Content-Type: image/jpeg\r\n\r\n'),
      photo,
      Buffer.from('\r\n--b--'),
    ])
    const formCall = {
      ...callOf('demo', undefined, { 'content-type': 'multipart/form-data; boundary=b' }),
      contentLength: form.length,
      body: chunksOf(form),
    }
    expect((await submit(formCall)).input.image).toBe(pathOf(photo))
    expect(kept()).toHaveLength(1)
    expect(ownFiles()).toEqual([])
  })

  test('is a link of its own for every job where the endpoint takes links', async () => {
    const one = await submit(jsonOf({ image: photo }, 'link'))
    const two = await submit(jsonOf({ image: photo }, 'link'))
    const name = `/sha256-${sha256(photo)}.jpg`
    expect(one.input.image).toMatch(/^https:\/\/gateway\.example\/files\//)
    expect(one.input.image.endsWith(name) && two.input.image.endsWith(name)).toBe(true)
    expect(one.input.image).not.toBe(two.input.image)
    expect(kept()).toHaveLength(1)
  })

  test('is a link of that name in a prompt, too', async () => {
    const data = `data:image/jpeg;base64,${photo.toString('base64')}`
    const body = JSON.stringify({ messages: [{ content: [{ image_url: { url: data } }] }] })
    const call = callOf('link', body, { 'content-type': 'application/json' })
    await textOf(await submitOpenai(gateway.deps, call, 'v1/chat/completions'))
    await gateway.idle()
    const sent = String(Buffer.from(gateway.sent.at(-1)?.body ?? []))
    expect(sent).toContain(`/sha256-${sha256(photo)}.jpg"`)
    expect(kept()).toHaveLength(1)
    expect(ownFiles()).toEqual([])
  })

  test('is one file in all requests of a batch', async () => {
    const image = photo.toString('base64')
    const body = JSON.stringify([{ input: { image } }, { input: { image } }])
    gateway.upstream = () => answer(200, '{"id":"batch_1"}', { 'content-type': 'application/json' })
    await textOf(await addItems(gateway.deps, callOf('demo', body), 'batch'))
    await gateway.idle()
    const sent = JSON.parse(String(Buffer.from(gateway.sent.at(-1)?.body ?? [])))
    const inputs = sent.map((item: { input: unknown }) => item.input)
    expect(inputs).toEqual([{ image: pathOf(photo) }, { image: pathOf(photo) }])
    expect(kept()).toHaveLength(1)
    expect(ownFiles()).toEqual([])
  })

  test('is shared with no other principal and no other endpoint', async () => {
    await submit(jsonOf({ image: photo }))
    await submit(jsonOf({ image: photo }, 'demo', 'another-key'))
    await submit(jsonOf({ image: photo }, 'another'))
    expect(kept()).toHaveLength(3)
  })

  test('stays when a job that had it is deleted, for others have it too', async () => {
    const first = await submit(jsonOf({ image: photo }))
    const second = await submit(jsonOf({ image: photo }))
    await deleteJob(gateway.deps, callOf('demo'), first.id)
    expect(await read(second.id, pathOf(photo))).toHaveLength(photo.length)
  })

  test('has a plain name where a request has more of them than may be', async () => {
    start({ contentAddressedMaxObjects: 1 })
    const { id, input } = await submit(jsonOf({ a: photo, b: other }))
    expect(input).toEqual({ a: pathOf(photo), b: 'in/1-b.jpg' })
    expect(await read(id, 'in/1-b.jpg')).toHaveLength(other.length)
    expect(kept()).toHaveLength(1)
  })

  test('is put there again where the store has lost it', async () => {
    await submit(jsonOf({ image: photo }))
    gateway.store.objects.delete(kept()[0] ?? '')
    const { id } = await submit(jsonOf({ image: photo }))
    expect(await read(id, pathOf(photo))).toHaveLength(photo.length)
  })

  test('keeps its name among the job’s own files where it cannot be kept', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('PUT content/')) throw unavailable()
    }
    const { id, input } = await submit(jsonOf({ image: photo }))
    expect(input).toEqual({ image: pathOf(photo) })
    expect(await read(id, pathOf(photo))).toHaveLength(photo.length)
    expect(gateway.logged).toContainEqual(expect.objectContaining({ event: 'content_not_kept' }))
    await deleteJob(gateway.deps, callOf('demo'), id)
    expect(ownFiles()).toEqual([])
  })

  test('goes with its job where that is kept until somebody deletes it', async () => {
    start({ retention: { persistent: true } })
    const call = jsonOf({ image: photo })
    call.headers.set('bulkway-retention', 'persistent')
    const { id, input } = await submit(call)
    expect(input).toEqual({ image: pathOf(photo) })
    expect(await read(id, pathOf(photo))).toHaveLength(photo.length)
    await deleteJob(gateway.deps, callOf('demo'), id)
    expect([...kept(), ...ownFiles()]).toEqual([])
  })

  test('is not kept of a request that is refused', async () => {
    const bad = callOf('demo', `{"input":{"image":"${photo.toString('base64')}"`, {})
    await expect(submit(bad)).rejects.toMatchObject({ code: 'invalid_json' })
    expect([...gateway.store.objects.keys()]).toEqual([])
  })

  test('is in the plan of a request under the name that it would have', async () => {
    const call = jsonOf({ image: photo })
    call.headers.set('prefer', 'return=plan')
    const plan = JSON.parse(await textOf(await submitJob(gateway.deps, call, 'run')))
    expect(plan.staged[0].path).toBe(pathOf(photo))
    expect(kept()).toEqual([])
  })
})

describe('an upload whose digest is known', () => {
  async function upload(bytes: Uint8Array, changes: Partial<Upload> = {}): Promise<Upload> {
    const headers = new Headers({ authorization: 'Bearer a-key' })
    const [owner] = await (await gateway.deps.authenticate(headers, 'demo')).ids()
    const file = { sha256: sha256(bytes), size: bytes.length, ...changes }
    const made = uploadOf({ owner, createdAt: gateway.clock.now, ...file })
    await gateway.deps.uploads.create(made)
    await gateway.store.put(made.key, bytes)
    return made
  }

  const refer = (input: Record<string, string>) => callOf('demo', JSON.stringify({ input }))
  const pngOf = (bytes: Uint8Array) => pathOf(bytes).replace('.jpg', '.png')

  test('is named by its content where it lies, and is one file with another of the same', async () => {
    const [one, two] = [await upload(photo), await upload(photo)]
    const refs = { a: refOf(one.uploadId), b: refOf(two.uploadId), again: refOf(one.uploadId) }
    const { id, input } = await submit(refer(refs))
    expect(input).toEqual({ a: pngOf(photo), b: pngOf(photo), again: pngOf(photo) })
    const grant = await gateway.deps.grants.find('demo', id)
    expect(grant?.mounts.filter(({ mode }) => mode === 'read')).toEqual([
      { path: pngOf(photo), key: one.key, mode: 'read' },
    ])
    expect(kept()).toEqual([])
  })

  test('is one file with a payload of the same bytes and extension', async () => {
    const { uploadId } = await upload(photo, {
      key: '2026-11-29/aaaaaaaaaaaaaaaaaaaaaaaaaa/in/a.jpg',
    })
    const input = { file: refOf(uploadId), image: photo.toString('base64') }
    const sent = await submit(refer(input))
    expect(sent.input).toEqual({ file: pathOf(photo), image: pathOf(photo) })
    expect(await read(sent.id, pathOf(photo))).toHaveLength(photo.length)
    expect((await gateway.deps.grants.find('demo', sent.id))?.mounts).toHaveLength(2)
  })

  test('has its own name where the digest is not known, or the file may be replaced', async () => {
    const keptName = { retain: 'persist', key: 'persist/owner/demo/cat.png' } as const
    const replaced = await upload(photo, keptName)
    const { uploadId, owner, createdAt } = await upload(other)
    const unknown = uploadOf({ owner, createdAt })
    await gateway.deps.uploads.create(unknown)
    await gateway.store.put(unknown.key, photo)
    const refs = [replaced.uploadId, unknown.uploadId, uploadId].map(refOf)
    const [a = '', b = '', c = ''] = refs
    const { input } = await submit(refer({ a, b, c }))
    expect(input).toEqual({ a: 'in/0-cat.png', b: 'in/1-cat.png', c: pngOf(other) })
  })
})

describe.each([
  ['B2', openB2],
  ['R2', openR2],
])('keys of %s, which name one folder alone', (_, open) => {
  const addressed = { contentAddressed: true, stageMinBytes: 100 }

  async function submitWithKeys({ gateway: own }: NativeBed): Promise<string> {
    await textOf(await submitJob(own.deps, jsonOf({ image: photo }), 'run'))
    await own.idle()
    const job = own.sent.findLast(({ url }) => url.endsWith('/run'))
    return JSON.parse(String(Buffer.from(job?.body ?? []))).input.image
  }

  test('are given a copy of the same name', async () => {
    const bed = open(addressed)
    const { deps, store } = bed.gateway
    const path = await submitWithKeys(bed)
    const grant = await deps.grants.find('demo', 'job-1')
    expect(path).toBe(`${grant && jobPrefix(grant)}${pathOf(photo)}`)
    expect(store.objects.get(path)?.bytes).toHaveLength(photo.length)
    const files = [...store.objects.keys()].filter((key) => key.endsWith('.jpg'))
    const ours = files.filter((key) => !/^content\/(?:days|records)\//.test(key))
    expect(ours).toHaveLength(2)
    await deleteJob(deps, callOf('demo'), 'job-1')
    expect(store.objects.has(path)).toBe(false)
  })

  test('are given the job’s own file where it cannot be kept', async () => {
    const bed = open(addressed)
    bed.gateway.store.before = (line) => {
      if (line.startsWith('PUT content/')) throw unavailable()
    }
    const path = await submitWithKeys(bed)
    const grant = await bed.gateway.deps.grants.find('demo', 'job-1')
    expect(path).toBe(`${grant && jobPrefix(grant)}in/0-image.jpg`)
    expect(bed.gateway.store.objects.get(path)?.bytes).toHaveLength(photo.length)
  })
})

describe('a file that is kept by its content', () => {
  test('goes when the last day on which a job may need it is over, not before', async () => {
    const first = await submit(jsonOf({ image: photo }))
    const { day } = (await gateway.deps.grants.find('demo', first.id)) ?? { day: '' }
    gateway.clock.now += dayMs
    await submit(jsonOf({ image: photo }))
    const lastMs = Date.parse(`${day}T00:00:00Z`)
    expect(await sweep(lastMs)).toMatchObject({ files: 0, notes: 0, done: true })
    expect(await sweep(lastMs + dayMs)).toMatchObject({ files: 0, notes: 1, done: true })
    expect(kept()).toHaveLength(1)
    expect(await sweep(lastMs + 2 * dayMs)).toMatchObject({ files: 1, notes: 1, done: true })
    expect(keys(/^content\//)).toEqual([])
  })

  test('is not touched by the sweep of jobs', async () => {
    await submit(jsonOf({ image: photo }))
    const state = gateway.store
    const stores = new Map([['main', state]])
    const { grants, log } = gateway.deps
    await sweepDue({ stores, state, grants, now: gateway.clock.now + 30 * dayMs, log, limit: 1000 })
    expect(kept()).toHaveLength(1)
  })

  test('is deleted up to the limit of a sweep, the rest by the next one', async () => {
    await submit(jsonOf({ a: photo, b: other }))
    const options = {
      stores: new Map([['main', gateway.store]]),
      state: gateway.store,
      now: gateway.clock.now + 30 * dayMs,
      clock: () => gateway.clock.now,
      log: { write: () => {} },
    }
    expect(await sweepContent({ ...options, limit: 1 })).toMatchObject({ files: 1, done: false })
    expect(await sweepContent({ ...options, limit: 9 })).toMatchObject({ files: 1, done: true })
    expect(keys(/^content\//)).toEqual([])
  })

  test('is copied in parts that a sweep ends when nobody needs them any more', async () => {
    await submit(jsonOf({ image: photo }))
    const [key = ''] = kept()
    await gateway.store.createUpload(key, 'image/jpeg')
    await gateway.store.createUpload('content/of/others', 'image/jpeg')
    const open = () => [...gateway.store.open.values()].map((upload) => upload.key)
    expect(await sweep()).toMatchObject({ aborted: 0 })
    expect(open()).toEqual([key, 'content/of/others'])
    expect(await sweep(gateway.clock.now + 30 * dayMs)).toMatchObject({ files: 1, aborted: 1 })
    expect(open()).toEqual(['content/of/others'])
  })

  test('is left for the next sweep where the store fails', async () => {
    await submit(jsonOf({ image: photo }))
    const later = gateway.clock.now + 30 * dayMs
    gateway.store.before = (line) => {
      if (line.startsWith('delete content/')) throw unavailable()
    }
    expect(await sweep(later)).toMatchObject({ files: 0, faults: 1, done: false })
    gateway.store.before = () => {}
    // While the turn of the sweep that failed may last, nobody else deletes.
    expect(await sweep(later)).toMatchObject({ files: 0, faults: 0 })
    expect(await sweep(later + 300_001)).toMatchObject({ files: 1, done: true })
    expect(keys(/^content\//)).toEqual([])
  })
})

/** Lets the n-th request that the sweep makes to the store wait until `meanwhile` is over. */
function interrupt(at: number, meanwhile: () => Promise<unknown>): void {
  let count = 0
  let isBusy = false
  gateway.store.before = async () => {
    if (isBusy || count++ !== at) return
    isBusy = true
    await meanwhile()
    isBusy = false
  }
}

describe('a sweep and a new job that want the same file', () => {
  test.each(Array.from({ length: 12 }, (_, at) => at))(
    'lose nothing when the job comes before the sweep’s request %i',
    async (at) => {
      await submit(jsonOf({ image: photo }))
      gateway.clock.now += 30 * dayMs
      let id = ''
      interrupt(at, async () => {
        ;({ id } = await submit(jsonOf({ image: photo })))
      })
      await sweep()
      gateway.store.before = () => {}
      if (id === '') ({ id } = await submit(jsonOf({ image: photo })))
      expect(await read(id, pathOf(photo))).toHaveLength(photo.length)
      // Whatever was left halfway, the next sweeps leave it its file, and then nothing of it.
      gateway.clock.now += 300_001
      await sweep()
      expect(await read(id, pathOf(photo))).toHaveLength(photo.length)
      await sweep(gateway.clock.now + 30 * dayMs)
      expect(keys(/^content\//)).toEqual([])
    },
  )

  test.each(Array.from({ length: 16 }, (_, at) => at))(
    'lose nothing when the sweep comes before the job’s request %i',
    async (at) => {
      await submit(jsonOf({ image: photo }))
      gateway.clock.now += 30 * dayMs
      interrupt(at, () => sweep())
      const { id, input } = await submit(jsonOf({ image: photo }))
      gateway.store.before = () => {}
      expect(input).toEqual({ image: pathOf(photo) })
      expect(await read(id, pathOf(photo))).toHaveLength(photo.length)
      await sweep()
      expect(await read(id, pathOf(photo))).toHaveLength(photo.length)
    },
  )

  test.each(Array.from({ length: 8 }, (_, at) => at))(
    'lose nothing when two sweeps meet at request %i and the job comes after one',
    async (at) => {
      await submit(jsonOf({ image: photo }))
      gateway.clock.now += 30 * dayMs
      let id = ''
      interrupt(at, async () => {
        await sweep()
        ;({ id } = await submit(jsonOf({ image: photo })))
      })
      await sweep()
      gateway.store.before = () => {}
      if (id !== '') expect(await read(id, pathOf(photo))).toHaveLength(photo.length)
    },
  )

  test('use one record where two jobs come at once', async () => {
    const both = [submitJob(gateway.deps, jsonOf({ a: photo }), 'run')]
    both.push(submitJob(gateway.another(), jsonOf({ b: photo }), 'run'))
    for (const reply of await Promise.all(both)) await textOf(reply)
    await gateway.idle()
    expect(kept()).toHaveLength(1)
    expect(ownFiles()).toEqual([])
    expect(keys(/^content\/records\//)).toHaveLength(1)
  })
})

function chunksOf(bytes: Uint8Array) {
  let at = 0
  return {
    async read() {
      if (at >= bytes.length) return undefined
      const chunk = bytes.subarray(at, at + 700)
      at += 700
      return chunk.slice()
    },
    cancel: async () => {},
    stream: () => new Blob([new Uint8Array(bytes)]).stream(),
  }
}
