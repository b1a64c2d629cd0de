import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { type StageJsonOptions, stageJson } from '../../src/intake/stage-json.ts'
import { renderResidue } from '../../src/json/render.ts'
import { JsonSplicer } from '../../src/json/splicer.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { type BufferPool, createBufferPool } from '../../src/store/buffer-pool.ts'
import { createStagedWriter } from '../../src/store/staged-writer.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { defaults, utf8 } from '../json/splice.ts'
import { MemoryStore, unavailable } from './memory-store.ts'

const node = createNodePlatform({ write() {} })
// Backoff without its seconds: what is waited for is not what is tested.
const platform = { ...node, wait: async () => {} }
const parts = 4

let store: MemoryStore
let pool: BufferPool

beforeEach(() => {
  store = new MemoryStore()
  pool = createBufferPool({ parts, partBytes: 12, mayWait: true })
})

afterEach(() => {
  const back = Array.from({ length: parts + 1 }, () => pool.tryTake())
  expect(back.filter((buffer) => buffer !== undefined)).toHaveLength(parts)
})

type Changes = Partial<Pick<StageJsonOptions, 'body' | 'beforeStaging' | 'discard'>>

function stage(chunks: Iterable<Uint8Array>, changes: Changes = {}) {
  return stageJson({
    ...optionsFor({ store, pool, partBytes: 12 }),
    body: bodyOf(chunks),
    ...changes,
  })
}

function optionsFor(to: {
  store: ObjectStore
  pool: BufferPool
  partBytes: number
}): Omit<StageJsonOptions, 'body'> {
  return {
    splicer: new JsonSplicer(defaults),
    beforeStaging: async () => {},
    open: ({ index }) =>
      createStagedWriter({
        ...to,
        platform,
        partsInFlight: 2,
        name: () => ({ key: `k/${index}`, contentType: 'application/octet-stream' }),
      }),
    discard: ({ key }) => to.store.delete(key),
  }
}

/** Chunks that are spoilt once the next one is asked for, as a reused buffer is. */
function bodyOf(chunks: Iterable<Uint8Array>, end: () => void = () => {}) {
  const iterator = chunks[Symbol.iterator]()
  let last: Uint8Array | undefined
  return {
    async read() {
      last?.fill(0x22)
      last = undefined
      const next = iterator.next()
      if (next.done === true) return void end()
      last = Uint8Array.from(next.value)
      return last
    },
  }
}

const contents = [40, 3, 64, 13].map((length, at) =>
  Buffer.from(Array.from({ length: length + 12 }, (_, i) => (i * 31 + at) % 256)),
)
const encoded = contents.map((content) => content.toString('base64'))
const texts = [
  encoded[0] ?? '',
  encoded[1] ?? '',
  `data:image/png;base64,${encoded[2]}`,
  (encoded[3] ?? '').replaceAll('/', '\\/'),
]
const document = utf8(
  `{"input":{"a":"${texts[0]}","n": -0 ,"list":["${texts[1]}",\n"${texts[2]}"],"z":"${texts[3]}"},"k":1e2}`,
)
const rest = '{"input":{"a":"0","n": -0 ,"list":["1",\n"2"],"z":"3"},"k":1e2}'

function expectEmpty(): void {
  expect([...store.objects.keys()]).toEqual([])
  expect(store.open.size).toBe(0)
}

async function codeOf(staging: Promise<unknown>): Promise<string> {
  const error = await staging.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof GatewayError ? error.code : String(error)
}

describe('staging a JSON body', () => {
  test('stores the same payloads and leaves the same residue wherever the body is cut', async () => {
    const cuts = Array.from({ length: document.length - 1 }, (_, at) => [
      document.subarray(0, at + 1),
      document.subarray(at + 1),
    ])
    const single = Array.from(document, (_, at) => document.subarray(at, at + 1))
    for (const chunks of [[document], single, ...cuts]) {
      store = new MemoryStore()
      const { residue, staged } = await stage(chunks)
      expect(staged.map(({ payload }) => payload.pointer)).toEqual([
        '/input/a',
        '/input/list/0',
        '/input/list/1',
        '/input/z',
      ])
      for (const [at, content] of contents.entries()) {
        expect(staged[at]?.object).toMatchObject({ key: `k/${at}`, bytes: content.length })
        expect(content.equals(store.objects.get(`k/${at}`)?.bytes ?? new Uint8Array())).toBe(true)
      }
      expect(store.open.size).toBe(0)
      const text = new TextDecoder().decode(
        renderResidue(residue, ['"0"', '"1"', '"2"', '"3"'], []),
      )
      expect(text).toBe(rest)
    }
  })

  test('asks for permission once, before the first byte is staged, and not where nothing is', async () => {
    const order: string[] = []
    store.before = (line) => void order.push(line)
    const beforeStaging = async () => void order.push('asked')
    await stage([document], { beforeStaging })
    expect(order[0]).toBe('asked')
    expect(order.filter((line) => line === 'asked')).toHaveLength(1)
    order.length = 0
    await stage([utf8('{"input":{"short":"QUJD"}}')], { beforeStaging })
    expect(order).toEqual([])
  })

  test('takes what comes slowly', async () => {
    const body = bodyOf(Array.from(document, (_, at) => document.subarray(at, at + 1)))
    const { staged } = await stage([], {
      body: {
        async read() {
          await new Promise(setImmediate)
          return await body.read()
        },
      },
    })
    expect(staged).toHaveLength(4)
  })

  test('reads no further than its buffers while the store stands still', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    store.before = (line) => (line.startsWith('uploadPart') ? released : undefined)
    const chunk = utf8('QUJDREVGR0hJSktM')
    let reads = 0
    function* chunks() {
      yield utf8('{"input":{"a":"')
      for (; reads < 1000; reads++) yield chunk
      yield utf8('"}}')
    }
    const staging = stage(chunks())
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    // Two parts in flight and one being filled, each of one chunk, and the chunk in hand.
    expect(reads).toBeLessThanOrEqual(6)
    release()
    expect((await staging).staged[0]?.object.bytes).toBe(12_000)
  })
})

describe('a body that cannot be staged', () => {
  test('leaves nothing behind wherever it breaks off', async () => {
    for (let at = 1; at < document.length; at++) {
      const broken = bodyOf([document.subarray(0, at)], () => {
        throw new Error('reset')
      })
      expect(await codeOf(stage([], { body: broken }))).toBe('client_gone')
      expectEmpty()
    }
  })

  test('leaves nothing behind wherever it ends too early', async () => {
    for (let at = 1; at < document.length; at++) {
      expect(await codeOf(stage([document.subarray(0, at)]))).toBe('invalid_json')
      expectEmpty()
    }
  })

  test('leaves nothing behind when the fault comes after a finished payload', async () => {
    const first = `{"input":{"a":"${encoded[2]}"`
    for (const [tail, code] of [
      [',,', 'invalid_json'],
      [`,"b":"${encoded[2]}*"}}`, 'invalid_payload'],
      [`,"b":"${encoded[0]}=="}}`, 'invalid_payload'],
      [`,"b":${'['.repeat(600)}`, 'nesting_too_deep'],
      [`,"${'k'.repeat(2000)}":1}}`, 'key_too_long'],
      ['}} {}', 'invalid_json'],
    ] as const) {
      for (const chunks of [[first, tail], [first + tail], [...(first + tail)]]) {
        expect(await codeOf(stage(chunks.map(utf8)))).toBe(code)
        expectEmpty()
      }
    }
  })

  test('leaves nothing behind when the store fails in the second payload', async () => {
    for (const operation of ['createUpload', 'uploadPart', 'completeUpload', 'put']) {
      const second = operation === 'put' ? 1 : 2
      store.before = (line) => {
        if (line === `${operation} k/${second}`) throw unavailable()
      }
      const small = Buffer.alloc(12, 1).toString('base64')
      const texts = [encoded[0], second === 1 ? small : encoded[0], encoded[2]]
      const body = utf8(JSON.stringify({ input: texts }))
      expect(await codeOf(stage([body])), operation).toBe('store_unavailable')
      expectEmpty()
    }
  })

  test('is not staged at all when it is refused', async () => {
    const asked: string[] = []
    store.before = (line) => void asked.push(line)
    const beforeStaging = () => Promise.reject(new GatewayError('unauthorized', 'no'))
    expect(await codeOf(stage([document], { beforeStaging }))).toBe('unauthorized')
    expect(asked).toEqual([])
  })

  test('is told its own fault, and every payload is tried, when clean-up fails too', async () => {
    const tried: string[] = []
    const discard = async ({ key }: { key: string }) => {
      tried.push(key)
      throw unavailable()
    }
    const body = utf8(`{"input":["${encoded[0]}","${encoded[1]}"],}`)
    expect(await codeOf(stage([body], { discard }))).toBe('invalid_json')
    expect(tried).toEqual(['k/0', 'k/1'])
  })
})

describe('the memory of staging', () => {
  test('stays small while a gigabyte goes through', async () => {
    const partBytes = 6 * 1024 * 1024
    let stored = 0
    const counting: ObjectStore = Object.assign(new MemoryStore(), {
      async uploadPart(_key: string, _id: string, partNumber: number, bytes: Uint8Array) {
        await new Promise(setImmediate)
        stored += bytes.length
        return { partNumber, etag: 'any' }
      },
      completeUpload: async () => undefined,
    })
    const size = 2 ** 30
    const chunk = new Uint8Array(262_144).fill(0x41)
    let most = 0
    function* chunks() {
      yield utf8('{"input":{"a":"')
      for (let sent = 0; sent < size; sent += chunk.length) {
        most = Math.max(most, process.memoryUsage.rss())
        yield chunk
      }
      yield utf8('"}}')
    }
    const before = process.memoryUsage.rss()
    const iterator = chunks()
    const body = { read: async () => iterator.next().value ?? undefined }
    const big = createBufferPool({ parts: 4, partBytes, mayWait: true })
    const { staged } = await stageJson({
      ...optionsFor({ store: counting, pool: big, partBytes }),
      body,
    })
    expect(stored).toBe((size / 4) * 3)
    expect(staged[0]?.object.bytes).toBe(stored)
    expect((most - before) / 2 ** 20).toBeLessThan(150)
  })
})
