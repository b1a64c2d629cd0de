import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { readRawRequest } from '../../src/intake/raw-request.ts'
import { stageRaw } from '../../src/intake/stage-raw.ts'
import type { ArrivingFile } from '../../src/intake/staged-file.ts'
import { type BufferPool, createBufferPool } from '../../src/store/buffer-pool.ts'
import { bodyOf, limits, openIn, platform, problemOf } from './form-bed.ts'
import { MemoryStore, unavailable } from './memory-store.ts'

let store: MemoryStore
let pool: BufferPool
let opened: ArrivingFile[]

beforeEach(() => {
  store = new MemoryStore()
  opened = []
  pool = createBufferPool({ parts: 4, partBytes: 12, mayWait: true })
})

afterEach(() => {
  const back = Array.from({ length: 5 }, () => pool.tryTake())
  expect(back.filter((buffer) => buffer !== undefined)).toHaveLength(4)
})

interface Head {
  readonly search?: string
  readonly headers?: Record<string, string>
}

function stage(
  chunks: Iterable<Uint8Array>,
  { search = '', headers = {} }: Head = {},
  body = bodyOf(chunks),
) {
  const request = readRawRequest(new Headers({ 'content-type': 'image/png', ...headers }), search)
  return stageRaw({
    body,
    request,
    bytes: platform.bytes,
    limits,
    beforeStaging: async () => {},
    open: openIn({ store, pool }, opened),
    discard: ({ key }) => store.delete(key),
  })
}

const content = Buffer.from(Array.from({ length: 100 }, (_, at) => at))

async function inputOf(head: Head): Promise<unknown> {
  const { text } = await stage([content], head)
  const request = JSON.parse(new TextDecoder().decode(text))
  expect(Object.keys(request)).toEqual(['input'])
  return request.input
}

describe('a raw body', () => {
  it('is staged whole, wherever it is cut', async () => {
    for (let at = 0; at <= content.length; at++) {
      store = new MemoryStore()
      const { files, text } = await stage([content.subarray(0, at), content.subarray(at)])
      expect(files).toMatchObject([{ key: 'k/0', bytes: 100 }])
      expect(content.equals(store.objects.get('k/0')?.bytes ?? new Uint8Array())).toBe(true)
      expect(new TextDecoder().decode(text)).toBe(
        '{"input":{"file":"bulkway:form/0","contentType":"image/png"}}',
      )
    }
    expect(opened[0]).toEqual({ index: 0, pointer: '/input/file', mediaType: 'image/png' })
  })

  const file = { file: 'bulkway:form/0', contentType: 'image/png' }
  const json = '{"prompt":"größe 😀"}'

  test.each<[string, Head, unknown]>([
    [
      'a name in the query',
      { search: '?filename=a%20%F0%9F%98%80.png&x=1' },
      { ...file, filename: 'a 😀.png' },
    ],
    [
      'a name in a header',
      { headers: { 'content-disposition': 'attachment; filename="a.png"' } },
      { ...file, filename: 'a.png' },
    ],
    [
      'an extended name',
      { headers: { 'content-disposition': "attachment; filename=x; filename*=UTF-8''%e2%82%ac" } },
      { ...file, filename: '€' },
    ],
    [
      'input in the query',
      { search: `?input=${encodeURIComponent(json)}` },
      { ...file, prompt: 'größe 😀' },
    ],
    ['input in a header', { headers: { 'bulkway-input': '{"a":[1]}' } }, { ...file, a: [1] }],
    [
      'UTF-8 in a header',
      { headers: { 'bulkway-input': Buffer.from(json).toString('latin1') } },
      { ...file, prompt: 'größe 😀' },
    ],
    [
      'base64url in a header',
      { headers: { 'bulkway-input': Buffer.from(json).toString('base64url') } },
      { ...file, prompt: 'größe 😀' },
    ],
    ['an empty name', { search: '?filename=' }, file],
    [
      'the end of a path',
      { search: '?filename=..%2F..%2Fetc%2Fpasswd' },
      { ...file, filename: 'passwd' },
    ],
    [
      'a name with control characters',
      { search: '?filename=a%00b%0D%0Ac.png' },
      { ...file, filename: 'abc.png' },
    ],
    [
      'a name that turns the direction of text',
      { search: `?filename=${encodeURIComponent('gnp.\u202eexe.png')}` },
      { ...file, filename: 'gnp.exe.png' },
    ],
    [
      'a name of 300 bytes, cut short of its extension',
      { search: `?filename=${'x'.repeat(296)}.png` },
      { ...file, filename: `${'x'.repeat(251)}.png` },
    ],
    ['a name of dots', { search: '?filename=..' }, { ...file, filename: 'file' }],
  ])('takes %s', async (_, head, input) => {
    expect(await inputOf(head)).toEqual(input)
  })

  test.each<[string, Head]>([
    ['input twice', { search: '?input={}&input={}' }],
    ['input in both places', { search: '?input={}', headers: { 'bulkway-input': '{}' } }],
    ['input that is no JSON', { search: '?input={' }],
    ['input that is no object', { search: '?input=1' }],
    ['input that is no base64url', { headers: { 'bulkway-input': 'a b' } }],
    ['a name that is given already', { search: '?filename=a&input={"filename":"b"}' }],
    ['a file that is given already', { search: '?input={"file":"b"}' }],
    [
      'a name that cannot be read',
      { headers: { 'content-disposition': "attachment; filename*=x''y" } },
    ],
    [
      'a disposition that cannot be read',
      { headers: { 'content-disposition': 'attachment; filename="' } },
    ],
    ['a very long name', { search: `?filename=${'x'.repeat(1025)}` }],
  ])('is refused with %s', async (_, head) => {
    expect(await problemOf((async () => await stage([content], head))())).toContain(
      'invalid_request',
    )
    expect(opened).toEqual([])
  })

  it('is refused when it is empty', async () => {
    expect(await problemOf(stage([]))).toContain('invalid_request')
    expect(await problemOf(stage([new Uint8Array(0)]))).toContain('invalid_request')
    expect(opened).toEqual([])
  })

  it('leaves nothing behind when it is too large, breaks off or cannot be stored', async () => {
    const large = Array.from({ length: 11 }, () => content)
    expect(await problemOf(stage(large))).toContain('body_too_large')
    const broken = bodyOf([content], () => {
      throw new Error('reset')
    })
    expect(await problemOf(stage([], {}, broken))).toContain('client_gone')
    store.before = (line) => {
      if (line.startsWith('completeUpload')) throw unavailable()
    }
    expect(await problemOf(stage([content]))).toContain('store_unavailable')
    expect(store.objects.size + store.open.size).toBe(0)
  })

  it('keeps from upstream what was meant for the gateway', () => {
    const searchOf = (search: string) => readRawRequest(new Headers(), search).search
    expect(searchOf('?a=1&input={}&filename=x&b=%20&inputs=1')).toBe('?a=1&b=%20&inputs=1')
    expect(searchOf('?input={}')).toBe('')
    expect(searchOf('')).toBe('')
  })
})
