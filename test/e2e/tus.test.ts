import { createHash } from 'node:crypto'
import { Upload, type UploadOptions } from 'tus-js-client'
import { describe, expect, test } from 'vitest'
import { useStack } from './harness.ts'
import { bytesOf, largeBytes, sha256 } from './payload.ts'

const stack = useStack({ worker: 'none' })
const version = { 'tus-resumable': '1.0.0' }
const stream = { 'content-type': 'application/offset+octet-stream' }

function endpoint(): string {
  return `${stack.url}/v2/hand/uploads/tus`
}

function options(changes: UploadOptions = {}): UploadOptions {
  return {
    endpoint: endpoint(),
    headers: { authorization: 'Bearer rpa_test' },
    metadata: { filename: 'film.mp4', filetype: 'video/mp4' },
    retryDelays: [100, 500, 1000],
    ...changes,
  }
}

/** Runs an upload of the official client to its end; its URL and the headers of the last answer. */
async function upload(file: Buffer, changes: UploadOptions = {}) {
  return await new Promise<{ url: string; ref: string | undefined; requests: number }>(
    (resolve, reject) => {
      let ref: string | undefined
      let requests = 0
      const client = new Upload(file, {
        ...options(changes),
        onAfterResponse(_, response) {
          requests++
          ref = response.getHeader('bulkway-ref') ?? ref
        },
        onError: reject,
        onSuccess: () => resolve({ url: client.url ?? '', ref, requests }),
      })
      client.start()
    },
  )
}

/** Starts an upload and leaves it at the first such event beyond 7 MB; its URL. */
async function paused(
  file: Buffer,
  changes: UploadOptions,
  event: 'onChunkComplete' | 'onProgress',
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const client: Upload = new Upload(file, {
      ...options(changes),
      [event](bytes: number) {
        if (bytes > 7_000_000) client.abort().then(() => resolve(client.url ?? ''), reject)
      },
      onError: reject,
    })
    client.start()
  })
}

async function fileOf(uploadUrl: string): Promise<Buffer> {
  const id = uploadUrl.split('/').at(-1) ?? ''
  const keys = (await stack.bucket.fileKeys()).filter((key) => key.includes(id))
  expect(keys.length, keys.join(' ')).toBe(1)
  return Buffer.from(await stack.bucket.get(keys[0] ?? ''))
}

async function ask(method: string, url: string, headers: Record<string, string>, body?: Buffer) {
  const init = { method, headers: { authorization: 'Bearer rpa_test', ...version, ...headers } }
  return await fetch(url, body === undefined ? init : { ...init, body: new Uint8Array(body) })
}

async function create(size: number): Promise<string> {
  const answer = await ask('POST', endpoint(), { 'upload-length': `${size}` })
  expect(answer.status, await answer.text()).toBe(201)
  return answer.headers.get('location') ?? ''
}

function checksumOf(bytes: Buffer): Record<string, string> {
  return { 'upload-checksum': `sha1 ${createHash('sha1').update(bytes).digest('base64')}` }
}

describe('tus-js-client', () => {
  test('uploads a large file in one request, and the ref of it is for a job', async () => {
    const file = bytesOf(largeBytes)
    const { url, ref } = await upload(file)
    expect(ref).toMatch(/^bulkway:[a-z2-7]{26}$/)
    expect(sha256(await fileOf(url))).toBe(sha256(file))
    const id = await stack.submitted('hand', { input: { film: ref } })
    const job = await stack.platform.job(id)
    expect(`${job.input['film']}`).toContain('film.mp4')
  })

  test('uploads in chunks that are no parts', async () => {
    const file = bytesOf(7_000_001, 2)
    const { url, requests } = await upload(file, { chunkSize: 1_000_000 })
    expect(requests).toBe(9)
    expect(sha256(await fileOf(url))).toBe(sha256(file))
  })

  test('sends the first bytes with the creation', async () => {
    const file = bytesOf(3_000_000, 3)
    const { url, requests } = await upload(file, { uploadDataDuringCreation: true })
    expect(requests).toBe(1)
    expect(sha256(await fileOf(url))).toBe(sha256(file))
  })

  test('uploads an empty file', async () => {
    const { url } = await upload(Buffer.alloc(0))
    expect((await fileOf(url)).length).toBe(0)
  })

  test('pauses between two requests and resumes, and what was there is not sent again', async () => {
    const file = bytesOf(largeBytes, 4)
    const url = await paused(file, { chunkSize: 8_000_000 }, 'onChunkComplete')
    const resumed: number[] = []
    await upload(file, { uploadUrl: url, onProgress: (bytes) => void resumed.push(bytes) })
    expect(Math.min(...resumed)).toBeGreaterThanOrEqual(8_000_000)
    expect(sha256(await fileOf(url))).toBe(sha256(file))
  })

  test('pauses in the middle of a request and resumes', async () => {
    const file = bytesOf(largeBytes, 9)
    const url = await paused(file, {}, 'onProgress')
    await upload(file, { uploadUrl: url })
    expect(sha256(await fileOf(url))).toBe(sha256(file))
  })

  test('goes on by itself where the store fails for a while', async () => {
    const file = bytesOf(8_000_000, 5)
    const part = { method: 'PUT', query: /partNumber=/ }
    const planted = stack.store.fault({ ...part, times: 5, fault: { kind: 'slow-down' } })
    const { url } = await upload(file)
    expect(planted.hits).toBe(5)
    expect(sha256(await fileOf(url))).toBe(sha256(file))
  })

  test('terminates, and nothing is left', async () => {
    const before = await stack.bucket.fileKeys()
    const url = await create(3_000_000)
    const half = await ask('PATCH', url, { ...stream, 'upload-offset': '0' }, bytesOf(1_000_000))
    expect(half.status).toBe(204)
    expect((await stack.bucket.fileKeys()).length).toBe(before.length + 1)
    await Upload.terminate(url, options())
    expect(await stack.bucket.fileKeys()).toEqual(before)
    expect(stack.store.openUploads()).toEqual([])
    expect((await ask('HEAD', url, {})).status).toBe(404)
  })
})

describe('The protocol', () => {
  test('is described without a key', async () => {
    const answer = await fetch(endpoint(), { method: 'OPTIONS' })
    expect(answer.status).toBe(204)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'tus-version': '1.0.0',
      'tus-extension': 'creation,creation-with-upload,termination,expiration,checksum',
      'tus-checksum-algorithm': 'sha1,sha256,sha512',
      'tus-max-size': '62914560000',
    })
  })

  test('says in every answer which version it is, and refuses others', async () => {
    const url = await create(10)
    const found = await ask('HEAD', url, {})
    expect(found.status).toBe(200)
    expect(found.headers.get('tus-resumable')).toBe('1.0.0')
    expect(found.headers.get('cache-control')).toBe('no-store')
    expect(Date.parse(found.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now())
    for (const method of ['HEAD', 'DELETE', 'PATCH']) {
      const refused = await ask(method, url, { 'tus-resumable': '0.2.2' })
      expect(refused.status).toBe(412)
      expect(refused.headers.get('tus-version')).toBe('1.0.0')
      expect(refused.headers.get('tus-resumable')).toBe('1.0.0')
    }
  })

  test('holds bytes to their checksum', async () => {
    const file = bytesOf(7_000_000, 6)
    const url = await create(file.length)
    const wrong = { ...stream, 'upload-offset': '0', ...checksumOf(file.subarray(1)) }
    const refused = await ask('PATCH', url, wrong, file)
    expect(refused.status, await refused.text()).toBe(460)
    expect((await ask('HEAD', url, {})).headers.get('upload-offset')).toBe('0')
    const right = { ...stream, 'upload-offset': '0', ...checksumOf(file) }
    const taken = await ask('PATCH', url, right, file)
    expect(taken.status, await taken.text()).toBe(204)
    expect((await fileOf(url)).equals(file)).toBe(true)
  })

  test('keeps what came before the connection broke', async () => {
    const file = bytesOf(9_000_000, 7)
    const url = await create(file.length)
    const path = new URL(url).pathname
    const call = stack.open('PATCH', path, {
      headers: { ...version, ...stream, 'upload-offset': '0', 'content-length': `${file.length}` },
      key: 'rpa_test',
    })
    await call.write(file.subarray(0, 7_500_000))
    call.answer.catch(() => {})
    call.destroy()
    let offset = 0
    await expect
      .poll(
        async () => {
          const head = await ask('HEAD', url, {})
          offset = Number(head.headers.get('upload-offset'))
          return offset
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThanOrEqual(6_291_456)
    let rest: Response
    do {
      const headers = { ...stream, 'upload-offset': `${offset}` }
      rest = await ask('PATCH', url, headers, file.subarray(offset))
    } while (rest.status === 423)
    expect(rest.status, await rest.text()).toBe(204)
    expect((await fileOf(url)).equals(file)).toBe(true)
  })

  test('lets one of two requests write', async () => {
    const file = bytesOf(7_000_000, 8)
    const url = await create(file.length)
    const headers = { ...stream, 'upload-offset': '0' }
    const answers = await Promise.all([1, 2, 3].map(() => ask('PATCH', url, headers, file)))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses[0]).toBe(204)
    expect(statuses.slice(1).every((status) => status === 409 || status === 423)).toBe(true)
    expect((await fileOf(url)).equals(file)).toBe(true)
  })

  test('is for its owner and endpoint alone', async () => {
    const url = await create(10)
    const elsewhere = url.replace('/v2/hand/', '/v2/demo/')
    for (const method of ['HEAD', 'DELETE']) {
      expect((await ask(method, elsewhere, {})).status).toBe(404)
      expect((await ask(method, url, { authorization: 'Bearer rpa_other' })).status).toBe(404)
    }
    expect((await ask('HEAD', url, {})).status).toBe(200)
  })

  test('goes through POST by X-HTTP-Method-Override', async () => {
    const url = await create(3)
    const headers = { ...stream, 'upload-offset': '0', 'x-http-method-override': 'PATCH' }
    const answer = await ask('POST', url, headers, Buffer.from('abc'))
    expect(answer.status, await answer.text()).toBe(204)
    expect((await fileOf(url)).toString()).toBe('abc')
    expect((await ask('POST', url, { 'x-http-method-override': 'DELETE' })).status).toBe(204)
  })
})
