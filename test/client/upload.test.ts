import { createHash, randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import type { FileSource, Progress, Retry } from '../../src/client/client.ts'
import { BulkwayError, type ClientOptions, createClient } from '../../src/client/client.ts'
import { type FakeGateway, type FakeOptions, startFakeGateway } from './fakes/gateway.ts'

const bytes = randomBytes(9_500)
const file = new File([bytes], 'photo.png', { type: 'image/png', lastModified: 1 })
const quick = { baseMs: 5, capMs: 20, giveUpMs: 5_000, stallMs: 1_000 }

const running: FakeGateway[] = []
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close()
})
async function startGateway(options?: FakeOptions): Promise<FakeGateway> {
  const gateway = await startFakeGateway(options)
  running.push(gateway)
  return gateway
}
function clientOf(gateway: FakeGateway, options: Partial<ClientOptions> = {}) {
  return createClient({ baseUrl: gateway.url, apiKey: 'key-1', retry: quick, ...options })
}
function memory(): Map<string, string> & {
  getItem(key: string): string | undefined
  setItem(key: string, value: string): void
  removeItem(key: string): void
} {
  const map = new Map<string, string>()
  return Object.assign(map, {
    getItem: (key: string) => map.get(key),
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  })
}
const isPart = (path: string) => path.startsWith('/store/')
const partOf = (path: string) => Number(/\/(\d+)\?/.exec(path)?.[1])
const putsOf = ({ seen }: FakeGateway) => seen.filter(({ path }) => isPart(path))

test('brings a file into the store in parts, as many at a time as is said, and says its ref', async () => {
  const gateway = await startGateway()
  const uploaded = await clientOf(gateway).upload('demo', file, { concurrency: 2 })

  expect(uploaded).toMatchObject({ ref: 'bulkway:u1', size: 9_500, reused: false })
  expect(gateway.bytesOf('u1')).toEqual(bytes)
  expect(gateway.uploads.get('u1')).toMatchObject({
    filename: 'photo.png',
    contentType: 'image/png',
  })
  expect(putsOf(gateway)).toHaveLength(10)
  expect(gateway.atOnce()).toBe(2)
})

test('sends the key to the gateway and never to the store, and the headers that were signed', async () => {
  const gateway = await startGateway()
  await clientOf(gateway).upload('demo', file)

  for (const { path, headers } of gateway.seen) {
    expect(headers.authorization).toBe(isPart(path) ? undefined : 'Bearer key-1')
  }
  expect(putsOf(gateway)[0]?.headers).toMatchObject({
    'content-length': '1000',
    'x-amz-checked': 'yes',
  })
})

test('has parts signed in batches, when they are needed', async () => {
  const gateway = await startGateway()
  await clientOf(gateway).upload('demo', file, { concurrency: 1 })

  const asked = gateway.seen
    .filter(({ path }) => path.endsWith('/parts'))
    .map(({ body }) => JSON.parse(body.toString()).partNumbers)
  expect(asked.filter((numbers) => numbers.length > 0)).toEqual([[4, 5, 6], [7, 8, 9], [10]])
})

test('has the next parts signed before they are needed', async () => {
  const gateway = await startGateway({ signedParts: 8 })
  await clientOf(gateway).upload('demo', file, { concurrency: 1 })

  const paths = gateway.seen.map(({ path }) => path)
  const signing = paths.findIndex((path) => path.endsWith('/parts'))
  expect(signing).toBeGreaterThan(paths.findIndex((path) => partOf(path) === 4))
  expect(signing).toBeLessThan(paths.findIndex((path) => partOf(path) === 8))
})

test('reports what has landed though nothing lands any more', async () => {
  const gateway = await startGateway()
  gateway.fate = (_, path) => (isPart(path) && partOf(path) === 5 ? 'stall' : undefined)
  const pausing = new AbortController()
  const uploading = clientOf(gateway, { retry: { ...quick, stallMs: 60_000 } })
    .upload('demo', file, { concurrency: 1, signal: pausing.signal })
    .catch((reason) => reason)

  await expect.poll(() => gateway.uploads.get('u1')?.reported.size, { timeout: 10_000 }).toBe(4)
  pausing.abort('enough')
  expect(await uploading).toBe('enough')
})

test('takes an empty file', async () => {
  const gateway = await startGateway()
  const uploaded = await clientOf(gateway).upload('demo', new File([], 'empty'))

  expect(uploaded.size).toBe(0)
  expect(putsOf(gateway)).toHaveLength(1)
})

test('tells progress up to the end, and never more than there is', async () => {
  const gateway = await startGateway()
  const told: Progress[] = []
  await clientOf(gateway).upload('demo', file, { onProgress: (progress) => told.push(progress) })

  expect(told.at(-1)).toMatchObject({ phase: 'uploading', bytes: 9_500, total: 9_500 })
  expect(told.every((progress) => progress.bytes <= 9_500)).toBe(true)
})

test('uploads what is no Blob by its ranges, one range again when its part fails', async () => {
  const gateway = await startGateway()
  const ranges: string[] = []
  const source: FileSource = {
    size: bytes.length,
    name: 'stream.bin',
    stream(start, end) {
      ranges.push(`${start}-${end}`)
      return new Blob([bytes.subarray(start, end)]).stream()
    },
  }
  let broken = false
  gateway.fate = (_, path) => {
    if (!isPart(path) || partOf(path) !== 2 || broken) return undefined
    broken = true
    return 'reset'
  }
  await clientOf(gateway).upload('demo', source)

  expect(gateway.bytesOf('u1')).toEqual(bytes)
  expect(ranges.filter((range) => range === '1000-2000')).toHaveLength(2)
})

test('says so when a stream is shorter than its size', async () => {
  const gateway = await startGateway()
  const source: FileSource = {
    size: 1_500,
    stream: () => new Blob([bytes.subarray(0, 10)]).stream(),
  }

  await expect(clientOf(gateway).upload('demo', source)).rejects.toMatchObject({
    name: 'BulkwayError',
    code: 'file_unreadable',
  })
})

test.each([
  ['500', { status: 500 }],
  ['503', { status: 503 }],
  ['429', { status: 429 }],
  ['a part that came too slowly', { status: 400, body: '<Code>RequestTimeout</Code>' }],
  ['a broken connection', 'reset' as const],
  ['silence', 'stall' as const],
])('sends a part again after %s', { timeout: 20_000 }, async (_, fate) => {
  const gateway = await startGateway()
  const times = new Map<number, number>()
  gateway.fate = (_, path) => {
    if (!isPart(path)) return undefined
    const part = partOf(path)
    times.set(part, (times.get(part) ?? 0) + 1)
    return part % 4 === 1 && times.get(part) === 1 ? fate : undefined
  }
  const retries: Retry[] = []
  await clientOf(gateway, { onRetry: (retry) => retries.push(retry) }).upload('demo', file)

  expect(gateway.bytesOf('u1')).toEqual(bytes)
  expect(retries).toHaveLength(3)
})

test('waits at least as long as Retry-After says', async () => {
  const gateway = await startGateway()
  let refused = false
  gateway.fate = (_, path) => {
    if (!isPart(path) || refused) return undefined
    refused = true
    return { status: 503, headers: { 'retry-after': '1' } }
  }
  const retries: Retry[] = []
  await clientOf(gateway, { onRetry: (retry) => retries.push(retry) }).upload('demo', file)

  expect(retries).toHaveLength(1)
  expect(retries[0]?.delayMs).toBeGreaterThanOrEqual(1_000)
})

test('has a part signed again that the store answers 403 to, and gives up when that does not help', async () => {
  const gateway = await startGateway()
  let refusals = 1
  gateway.fate = (_, path) =>
    isPart(path) && partOf(path) === 5 && refusals-- > 0
      ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }
      : undefined
  await clientOf(gateway).upload('demo', file)
  expect(gateway.bytesOf('u1')).toEqual(bytes)

  refusals = Number.POSITIVE_INFINITY
  const error = await clientOf(gateway)
    .upload('demo', file)
    .catch((one) => one)
  expect(error).toBeInstanceOf(BulkwayError)
  expect(error).toMatchObject({ code: 'store_refused', status: 403, partNumber: 5 })
  expect(error.detail).toContain('AccessDenied')
  expect(`${error.detail} ${error.message} ${error.stack}`).not.toContain('X-Amz')
})

test('has a URL signed again that is old before it is used', async () => {
  const gateway = await startGateway({ partSize: 5_000, signedParts: 2, expiresSeconds: 0 })
  await clientOf(gateway).upload('demo', file, { concurrency: 1 })

  const signings = gateway.seen.filter(({ path, body }) => {
    return path.endsWith('/parts') && JSON.parse(body.toString()).partNumbers.length > 0
  })
  expect(signings.length).toBeGreaterThanOrEqual(2)
  expect(gateway.bytesOf('u1')).toEqual(bytes)
})

test('goes on when gateway and store were away for a while', async () => {
  const gateway = await startGateway()
  let awayUntil = Number.POSITIVE_INFINITY
  gateway.fate = (_, path) => {
    if (isPart(path) && partOf(path) === 3 && awayUntil === Number.POSITIVE_INFINITY) {
      awayUntil = Date.now() + 500
    }
    return awayUntil !== Number.POSITIVE_INFINITY && Date.now() < awayUntil ? 'reset' : undefined
  }
  await clientOf(gateway).upload('demo', file)

  expect(gateway.bytesOf('u1')).toEqual(bytes)
})

test('gives up a network that stays away', async () => {
  const gateway = await startGateway()
  gateway.fate = (_, path) => (isPart(path) ? 'reset' : undefined)
  const client = clientOf(gateway, { retry: { ...quick, giveUpMs: 200 } })

  await expect(client.upload('demo', file)).rejects.toMatchObject({
    code: 'network_error',
    status: 0,
  })
})

test.each([true, false])(
  'pauses, and goes on in another session with what has not landed; the store lists parts: %s',
  async (lists) => {
    const gateway = await startGateway({ lists })
    const store = memory()
    const pausing = new AbortController()
    gateway.fate = (_, path) => {
      if (isPart(path) && partOf(path) === 6) pausing.abort()
      return undefined
    }
    const options = { resume: store, concurrency: 1 }
    const paused = clientOf(gateway).upload('demo', file, { ...options, signal: pausing.signal })
    await expect(paused).rejects.toMatchObject({ name: 'AbortError' })
    expect(store.size).toBe(1)

    gateway.fate = () => undefined
    const told: Progress[] = []
    const uploaded = await clientOf(gateway).upload('demo', file, {
      ...options,
      onProgress: (progress) => told.push(progress),
    })
    expect(uploaded.uploadId).toBe('u1')
    expect(gateway.bytesOf('u1')).toEqual(bytes)
    expect(gateway.uploads.size).toBe(1)
    const again = putsOf(gateway).filter(({ path }) => partOf(path) <= 5)
    expect(again).toHaveLength(5)
    expect(told[0]?.bytes).toBeGreaterThanOrEqual(5_000)
    expect(store.size).toBe(0)
  },
)

test('goes on with an upload whose id the caller kept', async () => {
  const gateway = await startGateway()
  const pausing = new AbortController()
  let uploadId = ''
  gateway.fate = (_, path) => {
    if (isPart(path) && partOf(path) === 4) pausing.abort()
    return undefined
  }
  const { signal } = pausing
  const onStart = (id: string) => {
    uploadId = id
  }
  await clientOf(gateway)
    .upload('demo', file, { signal, onStart })
    .catch(() => {})
  gateway.fate = () => undefined
  await clientOf(gateway).upload('demo', file, { resume: uploadId })

  expect([...gateway.uploads.keys()]).toEqual([uploadId])
  expect(gateway.bytesOf(uploadId)).toEqual(bytes)
})

test('starts anew where the remembered upload has gone', async () => {
  const gateway = await startGateway()
  const uploaded = await clientOf(gateway).upload('demo', file, { resume: 'gone' })

  expect(uploaded.uploadId).toBe('u1')
})

test('does not take one file for another of the same name', async () => {
  const gateway = await startGateway()
  const store = memory()
  gateway.fate = (_, path) => (isPart(path) ? { status: 404 } : undefined)
  await clientOf(gateway)
    .upload('demo', file, { resume: store })
    .catch(() => {})
  gateway.fate = () => undefined
  const changed = new File([bytes], 'photo.png', { lastModified: 2 })
  const uploaded = await clientOf(gateway).upload('demo', changed, { resume: store })

  expect(uploaded.uploadId).toBe('u2')
})

test('goes on with nothing where two files cannot be told apart', async () => {
  const gateway = await startGateway()
  const store = memory()
  gateway.fate = (_, path) => (isPart(path) && partOf(path) > 1 ? { status: 413 } : undefined)
  await clientOf(gateway)
    .upload('demo', new Blob([randomBytes(9_500)]), { resume: store, concurrency: 1 })
    .catch(() => {})
  expect(store.size).toBe(0)
  gateway.fate = () => undefined
  const { uploadId } = await clientOf(gateway).upload('demo', new Blob([bytes]), { resume: store })

  expect(gateway.bytesOf(uploadId)).toEqual(bytes)
})

test.each([
  { retain: 'persist', name: 'b.png' } as const,
  { name: 'a.png' },
  { contentType: 'image/webp' },
  { filename: 'b.png' },
])('goes on with no upload that was begun without %j', async (asked) => {
  const gateway = await startGateway()
  const store = memory()
  gateway.fate = (_, path) => (isPart(path) ? { status: 413 } : undefined)
  await clientOf(gateway)
    .upload('demo', file, { resume: store })
    .catch(() => {})
  gateway.fate = () => undefined
  const { uploadId } = await clientOf(gateway).upload('demo', file, { resume: store, ...asked })

  expect(uploadId).toBe('u2')
  const [, second] = gateway.seen.filter(({ path }) => path.endsWith('/uploads'))
  expect(JSON.parse(`${second?.body}`)).toMatchObject(asked)
})

test.each([
  ['worked out', true],
  ['known', createHash('sha256').update(bytes).digest('hex')],
] as const)('has the SHA-256 that is %s checked after a pause, too', async (_, sha256) => {
  const gateway = await startGateway()
  const store = memory()
  gateway.fate = (_, path) => (isPart(path) && partOf(path) > 5 ? { status: 413 } : undefined)
  await clientOf(gateway)
    .upload('demo', file, { resume: store, concurrency: 1 })
    .catch(() => {})
  gateway.fate = () => undefined
  await clientOf(gateway).upload('demo', file, { resume: store, sha256 })

  const completes = gateway.seen.filter(({ path }) => path.endsWith('/u1/complete'))
  expect(completes.map(({ body }) => JSON.parse(`${body}`).sha256)).toEqual([
    createHash('sha256').update(bytes).digest('hex'),
  ])
})

test('takes a complete upload for the file only where no SHA-256 is asked for', async () => {
  const gateway = await startGateway()
  const { uploadId } = await clientOf(gateway).upload('demo', file)
  const again = await clientOf(gateway).upload('demo', file, { resume: uploadId })
  expect(again).toMatchObject({ uploadId, reused: true })

  const checked = await clientOf(gateway).upload('demo', file, { resume: uploadId, sha256: true })
  expect(checked).toMatchObject({ uploadId: 'u2', reused: false })
})

test('uploads where it cannot remember', async () => {
  const gateway = await startGateway()
  const fail = () => {
    throw new DOMException('Full', 'QuotaExceededError')
  }
  const store = { getItem: fail, setItem: fail, removeItem: fail }
  await clientOf(gateway).upload('demo', file, { resume: store })

  expect(gateway.bytesOf('u1')).toEqual(bytes)
})

test('sends nothing where the gateway has the same file already', async () => {
  const gateway = await startGateway()
  const first = await clientOf(gateway).upload('demo', file, { sha256: true })
  const puts = putsOf(gateway).length
  const told: Progress[] = []
  const second = await clientOf(gateway).upload('demo', file, {
    sha256: true,
    onProgress: (progress) => told.push(progress),
  })

  expect(second).toMatchObject({ ref: first.ref, reused: true })
  expect(putsOf(gateway)).toHaveLength(puts)
  expect(told.at(-1)).toMatchObject({ phase: 'hashing', bytes: 9_500 })
  expect(gateway.uploads.get('u1')?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
})

test('sends a part again that the store lost before the upload was complete', async () => {
  const gateway = await startGateway()
  let lost = false
  gateway.fate = (_, path) => {
    if (path.endsWith('/complete') && !lost)
      lost = gateway.uploads.get('u1')?.parts.delete(7) === true
    return undefined
  }
  await clientOf(gateway).upload('demo', file)

  expect(gateway.bytesOf('u1')).toEqual(bytes)
  expect(putsOf(gateway).filter(({ path }) => partOf(path) === 7)).toHaveLength(2)
})

test('asks the gateway for ETags that the store hides, and says what to do where it has none', async () => {
  const listing = await startGateway({ showsEtags: false })
  await clientOf(listing).upload('demo', file)
  expect(listing.uploads.get('u1')?.complete).toBe(true)

  const blind = await startGateway({ showsEtags: false, lists: false })
  await expect(clientOf(blind).upload('demo', file)).rejects.toMatchObject({ code: 'etag_hidden' })
})

test('says what the gateway says of an upload that has gone', async () => {
  const gateway = await startGateway()
  gateway.fate = (_, path) => {
    if (isPart(path) && partOf(path) === 5) gateway.uploads.clear()
    return undefined
  }
  const error = await clientOf(gateway)
    .upload('demo', file)
    .catch((one) => one)
  expect(error).toMatchObject({ code: 'upload_not_found', status: 404, requestId: 'req-1' })
})

test('leaves with the signal’s reason before anything is sent', async () => {
  const gateway = await startGateway()
  const reason = new Error('Not today')
  const signal = AbortSignal.abort(reason)

  await expect(clientOf(gateway).upload('demo', file, { signal })).rejects.toBe(reason)
  expect(gateway.seen).toEqual([])
})

test('stops the other parts when one fails for good', async () => {
  const gateway = await startGateway()
  gateway.fate = (_, path) => (isPart(path) ? { status: 413 } : undefined)

  await expect(clientOf(gateway).upload('demo', file)).rejects.toMatchObject({ status: 413 })
  expect(putsOf(gateway).length).toBeLessThanOrEqual(4)
})

const isSigning = ({ path, body }: { path: string; body: Buffer }) =>
  path.endsWith('/parts') && JSON.parse(`${body}`).partNumbers.length > 0

test('asks once for URLs that are refused, however many parts wait for them', async () => {
  const gateway = await startGateway({ expiresSeconds: 0 })
  const refusal = { status: 403, body: JSON.stringify({ code: 'forbidden', detail: 'No' }) }
  gateway.fate = (_, path) => (path.endsWith('/parts') ? refusal : undefined)

  await expect(clientOf(gateway).upload('demo', file)).rejects.toMatchObject({ code: 'forbidden' })
  expect(gateway.seen.filter(isSigning)).toHaveLength(1)
})

test('gives up URLs that do not come once, however many parts wait for them', async () => {
  const gateway = await startGateway({ expiresSeconds: 0 })
  gateway.fate = (_, path) => (path.endsWith('/parts') ? { status: 503 } : undefined)
  const retries: Retry[] = []
  const client = clientOf(gateway, {
    retry: { baseMs: 5, capMs: 5, giveUpMs: 200 },
    onRetry: (retry) => retries.push(retry),
  })

  await expect(client.upload('demo', file)).rejects.toMatchObject({ status: 503 })
  expect(retries.filter(({ tries }) => tries === 1)).toHaveLength(1)
})

test('asks for no more URLs when a part has failed for good', async () => {
  const gateway = await startGateway({ signedParts: 1 })
  gateway.fate = (_, path) => {
    if (path.endsWith('/parts')) return { status: 503 }
    return isPart(path) ? { status: 413 } : undefined
  }
  const client = clientOf(gateway, { retry: { ...quick, giveUpMs: 600_000 } })

  await expect(client.upload('demo', file)).rejects.toMatchObject({ status: 413 })
})

test('drops an upload', async () => {
  const gateway = await startGateway()
  const { uploadId } = await clientOf(gateway).upload('demo', file)
  await clientOf(gateway).abortUpload('demo', uploadId)

  expect(gateway.uploads.size).toBe(0)
})
