import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { json } from './call.ts'
import { bytesOf, sha256 } from './payload.ts'
import { page, partBytes, type SignedPart, useVolumeStack, watchSizes } from './volume-scene.ts'

const { stack, directory, files, faults, ask } = useVolumeStack()

/** What a page may send unasked, and read untold (Fetch, §2.2). */
const plainMethods = ['GET', 'HEAD', 'POST']
const plainHeaders = ['accept', 'accept-language', 'content-language']
const readable = ['cache-control', 'content-language', 'content-type', 'expires', 'last-modified']
const listOf = (headers: Headers, name: string) => (headers.get(name) ?? '').split(/,\s*/)

/** `fetch` as a browser has it for a page elsewhere: asks first, and hides what it was not told to show. */
async function fetchAsPage(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const request = new Request(input, init)
  const { method, url } = request
  const names = [...request.headers.keys()].filter((name) => !plainHeaders.includes(name))
  if (!plainMethods.includes(method) || names.length > 0) {
    const asking = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: page,
        'access-control-request-method': method,
        'access-control-request-headers': names.join(','),
      },
    })
    expect([asking.status, asking.headers.get('access-control-allow-origin')]).toEqual([204, page])
    expect(listOf(asking.headers, 'access-control-allow-methods')).toContain(method)
    expect(listOf(asking.headers, 'access-control-allow-headers')).toEqual(
      expect.arrayContaining(names),
    )
  }
  const headers = { ...Object.fromEntries(request.headers), origin: page }
  const answer = await fetch(input, { ...init, headers })
  expect(answer.headers.get('access-control-allow-origin'), `${method} ${url}`).toBe(page)
  const shown = [...readable, ...listOf(answer.headers, 'access-control-expose-headers')]
  const { status } = answer
  return new Response(answer.body, {
    status,
    headers: [...answer.headers].filter(([name]) => shown.includes(name)),
  })
}

describe('A page elsewhere', () => {
  test('May put a part of an upload to a volume, and reads its ETag', async () => {
    const file = bytesOf(50_000, 21)
    const started = json(await ask('POST', '', { size: file.length }))
    const [part] = started['parts'] as SignedPart[]
    if (part === undefined) throw new TypeError('There is no part')
    expect(new URL(part.url).origin).toBe(stack.url)
    const body = new Uint8Array(file)
    const sent = await fetchAsPage(part.url, { method: 'PUT', headers: part.headers, body })
    expect(sent.status, await sent.text()).toBe(200)
    expect(sent.headers.get('etag')).toMatch(/^"[^"]+"$/)
    const stranger = { origin: 'https://other.example', 'access-control-request-method': 'PUT' }
    const refused = await fetch(part.url, { method: 'OPTIONS', headers: stranger })
    expect(refused.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('Uploads to it with progress, stops, and goes on where it was', async () => {
    const file = bytesOf(4 * partBytes + 99, 22)
    const blob = new File([new Uint8Array(file)], 'film.mp4', { lastModified: 1 })
    const kept = new Map<string, string>()
    const resume = {
      getItem: (key: string) => kept.get(key),
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    }
    const pausing = new AbortController()
    let puts = 0
    const client = createClient({
      ...{ baseUrl: stack.url, token: 'rpa_test' },
      async fetch(input, init) {
        if (init?.method === 'PUT' && ++puts === 3) pausing.abort()
        return await fetchAsPage(input, init)
      },
    })
    const before: number[] = []
    const paused = client.upload('volume', blob, {
      ...{ resume, concurrency: 1, signal: pausing.signal },
      onProgress: ({ bytes }) => void before.push(bytes),
    })
    await expect(paused).rejects.toMatchObject({ name: 'AbortError' })
    expect(before[0]).toBe(partBytes)
    const after: number[] = []
    const { ref } = await client.upload('volume', blob, {
      resume,
      onProgress: ({ bytes }) => void after.push(bytes),
    })
    expect(Math.min(...after)).toBeGreaterThanOrEqual(2 * partBytes)
    expect(after.at(-1)).toBe(file.length)
    expect(puts).toBe(6)
    const id = await stack.submitted('volume', { input: { task: 'digest', film: ref } })
    const settled = json(await stack.settled('volume', id))
    expect(settled).toMatchObject({ output: { files: [{ sha256: sha256(file) }] } })
  })
})

test('A tus upload to a volume that is cut goes on, and its file is whole', async () => {
  const file = bytesOf(2 * partBytes + 777, 23)
  const version = { 'tus-resumable': '1.0.0' }
  const created = await stack.call('POST', '/v2/volume/uploads/tus', {
    headers: { ...version, 'upload-length': `${file.length}` },
  })
  expect(created.status, created.text).toBe(201)
  const { pathname } = new URL(`${created.headers.location}`)
  const patch = (offset: number) => ({
    ...{ ...version, 'content-type': 'application/offset+octet-stream' },
    ...{ 'upload-offset': `${offset}`, 'content-length': `${file.length - offset}` },
  })
  const cut = stack.open('PATCH', pathname, { headers: patch(0) })
  cut.answer.catch(() => {})
  await cut.write(file.subarray(0, partBytes + 1_000_000))
  cut.destroy()

  let offset = 0
  const offsetNow = async () => {
    const head = await stack.call('HEAD', pathname, { headers: version })
    offset = Number(head.headers['upload-offset'])
    return offset
  }
  await expect.poll(offsetNow, { timeout: 10_000 }).toBeGreaterThanOrEqual(partBytes)
  expect(offset).toBeLessThan(file.length)
  let status = 423
  let ref: unknown
  while (status === 423) {
    const body = file.subarray(await offsetNow())
    const rest = await stack.call('PATCH', pathname, { headers: patch(offset), body })
    status = rest.status
    ref = rest.headers['bulkway-ref']
  }
  expect(status).toBe(204)
  const id = await stack.submitted('volume', { input: { task: 'digest', film: ref } })
  const path = `${(await stack.platform.job(id)).input['film']}`
  expect(path.startsWith(`${directory()}/`)).toBe(true)
  expect((await readFile(path)).equals(file)).toBe(true)
  await stack.settled('volume', id)
})

test('No reader of the volume sees half of a file that is named by its content', async () => {
  const watcher = watchSizes(join(directory(), 'bulkway', 'content'))
  faults().quirks.halfMs = 50
  const payloads = [bytesOf(300_000, 24), bytesOf(2 * partBytes, 25)]
  const again = [...payloads, ...payloads]
  const paths = new Set<unknown>()
  for (const file of again) {
    const body = { input: { file: file.toString('base64') } }
    const id = await stack.submitted('content', body)
    const path = `${(await stack.platform.job(id)).input['file']}`
    expect(sha256(await readFile(path))).toBe(sha256(file))
    paths.add(path)
  }
  const seen = await watcher.end()
  const whole = payloads.map(
    (file) => [`sha256-${sha256(file)}.bin`, new Set([file.length])] as const,
  )
  expect(seen).toEqual(new Map(whole))
  expect(paths.size).toBe(2)
  const ours = (await files()).filter((path) => path.startsWith('bulkway/content/'))
  expect(ours).toHaveLength(2)
})
