import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { stageForm } from '../../src/intake/stage-form.ts'
import type { ArrivingFile } from '../../src/intake/staged-file.ts'
import { type BufferPool, createBufferPool } from '../../src/store/buffer-pool.ts'
import { bodyOf, limits, openIn, platform, problemOf, type StageFormChanges } from './form-bed.ts'
import { MemoryStore, unavailable } from './memory-store.ts'

const parts = 4

let store: MemoryStore
let pool: BufferPool
let opened: ArrivingFile[]

beforeEach(() => {
  store = new MemoryStore()
  opened = []
  pool = createBufferPool({ parts, partBytes: 12, mayWait: true })
})

afterEach(() => {
  const back = Array.from({ length: parts + 1 }, () => pool.tryTake())
  expect(back.filter((buffer) => buffer !== undefined)).toHaveLength(parts)
})

function stage(chunks: Iterable<Uint8Array>, changes: StageFormChanges = {}) {
  return stageForm({
    body: bodyOf(chunks),
    boundary: 'b',
    bytes: platform.bytes,
    limits,
    textMaxBytes: 10_000,
    beforeStaging: async () => {},
    open: openIn({ store, pool }, opened),
    discard: ({ key }) => store.delete(key),
    ...changes,
  })
}

type Entry = readonly [name: string, content: string, file?: string | undefined, type?: string]

function form(...entries: readonly Entry[]): Uint8Array {
  const lines = entries.map(([name, content, file, type]) => {
    const filename = file === undefined ? '' : `; filename="${file}"`
    const more = type === undefined ? '' : `\r\nContent-Type: ${type}`
    const head = `Content-Disposition: form-data; name="${name}"${filename}${more}`
    return `--b\r\n${head}\r\n\r\n${content}\r\n`
  })
  return Buffer.from(`${lines.join('')}--b--\r\n`)
}

async function textOf(...entries: readonly Entry[]): Promise<string> {
  return new TextDecoder().decode((await stage([form(...entries)])).text)
}

function expectEmpty(): void {
  expect([...store.objects.keys()]).toEqual([])
  expect(store.open.size).toBe(0)
}

describe('staging a form', () => {
  const skeleton = '{ "n": 12345678901234567890, "n":1e400, "\\u00e4":"ä\\/" ,"image" : null}'
  const entries: Entry[] = [
    ['image', 'content of the image', 'a "b".png'.replaceAll('"', '%22'), 'image/png'],
    ['input', skeleton],
    ['prompt', 'a ☃\r\n"quoted"'],
    ['nothing', '', 'empty.bin', 'application/octet-stream'],
    ['list.0.mask', 'x', undefined, 'image/png'],
    ['steps', '20', undefined, 'application/json'],
    ['webhook', 'https://example.com/?a=b'],
    ['policy', '{"ttl": 1}'],
  ]
  const expected =
    '{"input":{ "n": 12345678901234567890, "n":1e400, "\\u00e4":"ä\\/" ,"image" : ' +
    '"bulkway:form/0","prompt":"a ☃\\r\\n\\"quoted\\"","nothing":"bulkway:form/1",' +
    '"list":[{"mask":"bulkway:form/2"}],"steps":20},' +
    '"webhook":"https://example.com/?a=b","policy":{"ttl": 1}}'

  test('stores the same files and makes the same request wherever the body is cut', async () => {
    const body = form(...entries)
    const cuts = Array.from({ length: body.length - 1 }, (_, at) => [
      body.subarray(0, at + 1),
      body.subarray(at + 1),
    ])
    const single = Array.from(body, (_, at) => body.subarray(at, at + 1))
    for (const chunks of [[body], single, ...cuts]) {
      store = new MemoryStore()
      opened = []
      const { text, files } = await stage(chunks)
      expect(new TextDecoder().decode(text)).toBe(expected)
      expect(files.map(({ key, bytes }) => [key, bytes])).toEqual([
        ['k/0', 20],
        ['k/1', 0],
        ['k/2', 1],
      ])
      expect(new TextDecoder().decode(store.objects.get('k/0')?.bytes)).toBe('content of the image')
      expect(opened).toEqual([
        { index: 0, pointer: '/input/image', filename: 'a "b".png', mediaType: 'image/png' },
        {
          index: 1,
          pointer: '/input/nothing',
          filename: 'empty.bin',
          mediaType: 'application/octet-stream',
        },
        { index: 2, pointer: '/input/list/0/mask', mediaType: 'image/png' },
      ])
      expect(store.open.size).toBe(0)
    }
  })

  test.each<[string, Entry[], string]>([
    ['nothing', [], '{}'],
    [
      'a name twice',
      [
        ['a', 'x', 'f'],
        ['a', 'y', 'f'],
      ],
      '{"a":[0,1]}',
    ],
    ['a name with brackets', [['a[]', 'x', 'f']], '{"a":[0]}'],
    [
      'brackets and none',
      [
        ['a', 'x', 'f'],
        ['a[]', 'y', 'f'],
      ],
      '{"a":[0,1]}',
    ],
    ['input in front', [['input.a.b', 'x', 'f']], '{"a":{"b":0}}'],
    ['a pointer', [['/input/a~1b/0', 'x', 'f']], '{"a/b":[0]}'],
    ['an appending pointer', [['/input/a/-', 'x', 'f']], '{"a":[0]}'],
    [
      'indices out of order',
      [
        ['a.1', 'x', 'f'],
        ['a.0', 'y', 'f'],
      ],
      '{"a":[1,0]}',
    ],
    [
      'a numbered member',
      [
        ['input', '{"a":{"7":{}}}'],
        ['a.7.b', 'x', 'f'],
      ],
      '{"a":{"7":{"b":0}}}',
    ],
    [
      'one more item',
      [
        ['a[]', 'x', 'f'],
        ['input', '{"a":[1, 2 ]}'],
      ],
      '{"a":[1, 2 ,0]}',
    ],
    [
      'an item of none',
      [
        ['input', '{"a":[ ]}'],
        ['a.0.b', 'x', 'f'],
      ],
      '{"a":[ {"b":0}]}',
    ],
    [
      'places of null',
      [
        ['input', '{"a":[null,1,null]}'],
        ['a.2', 'x', 'f'],
      ],
      '{"a":[null,1,0]}',
    ],
    [
      'a name of two',
      [
        ['input', '{"a":{"b":null},"a":{}}'],
        ['a.b', 'x', 'f'],
      ],
      '{"a":{"b":null},"a":{"b":0}}',
    ],
    [
      'a prototype',
      [
        ['__proto__.x', 'x', 'f'],
        ['constructor', 'y', 'f'],
      ],
      '{"__proto__":{"x":0},"constructor":1}',
    ],
    [
      'a deep place',
      [
        ['input', '{"a":{"x":[1,{"y":2}],"b":{}}}'],
        ['a.b.c', 'x', 'f'],
      ],
      '{"a":{"x":[1,{"y":2}],"b":{"c":0}}}',
    ],
    [
      'an escaped name',
      [
        ['input', '{"\\u0061":{}}'],
        ['a.b', 'x', 'f'],
      ],
      '{"\\u0061":{"b":0}}',
    ],
    ['a file of JSON', [['a', '{}', 'a.json', 'application/json']], '{"a":0}'],
    ['the input as a file', [['input', '{"a":1}', 'blob', 'application/json']], '{"a":1}'],
    ['an empty choice', [['a', '', '', 'application/octet-stream']], '{}'],
    ['a file without a name', [['a', 'x', '', 'application/octet-stream']], '{"a":0}'],
  ])('puts %s where it belongs', async (_, entries, input) => {
    // A bare number stands for a file of that number.
    const text = await textOf(...entries)
    expect(text.replace(/"bulkway:form\/(\d)"/g, '$1')).toBe(`{"input":${input}}`)
  })

  test('keeps members of the request as they are meant', async () => {
    expect(await textOf(['policy', '[1]'], ['s3Config', '{"a":1', 'blob', 'a/b'])).toBe(
      '{"input":{},"policy":"[1]","s3Config":"{\\"a\\":1"}',
    )
  })

  test('asks for permission once, before the first byte is staged, and not where nothing is', async () => {
    const order: string[] = []
    store.before = (line) => void order.push(line)
    const beforeStaging = async () => void order.push('asked')
    await stage([form(['a', 'x', 'f'], ['b', 'y', 'f'])], { beforeStaging })
    expect(order[0]).toBe('asked')
    expect(order.filter((line) => line === 'asked')).toHaveLength(1)
    order.length = 0
    await stage([form(['a', 'x'])], { beforeStaging })
    expect(order).toEqual([])
  })
})

describe('a form that cannot be staged', () => {
  const file: Entry = ['image', 'x'.repeat(30), 'f.png']

  test.each<[string, Entry[], string]>([
    [
      'a file where a value is',
      [file, ['input', '{"image":"x"}']],
      'invalid_form: Cannot take the field "image"',
    ],
    [
      'a file where an object is',
      [file, ['input', '{"image":{}}']],
      'invalid_form: Cannot take the field "image"',
    ],
    [
      'a file where an array is',
      [file, ['input', '{"image":[]}']],
      'invalid_form: Cannot take the field "image"',
    ],
    [
      'a file below a string',
      [
        ['a.b', 'x', 'f'],
        ['input', '{"a":"x"}'],
      ],
      'invalid_form: Cannot take the field "a.b"',
    ],
    [
      'a file below a file',
      [
        ['a', 'x', 'f'],
        ['a.b', 'x', 'f'],
      ],
      'invalid_form: Cannot take the field "a.b"',
    ],
    [
      'a file above a file',
      [
        ['a.b', 'x', 'f'],
        ['a', 'x', 'f'],
      ],
      'invalid_form: Cannot take the field "a"',
    ],
    [
      'a gap',
      [
        ['a.0', 'x', 'f'],
        ['a.2', 'x', 'f'],
      ],
      'invalid_form: Cannot take the field "a.2"',
    ],
    [
      'an item and a member',
      [
        ['a.0', 'x', 'f'],
        ['a.b', 'x', 'f'],
      ],
      'invalid_form: Cannot take the field "a.b"',
    ],
    [
      'an item beyond the end',
      [file, ['a.2', 'x'], ['input', '{"a":[1]}']],
      'invalid_form: Cannot take the field "a.2"',
    ],
    [
      'two inputs',
      [file, ['input', '{}'], ['input', '{}']],
      'invalid_form: Cannot take the field "input"',
    ],
    [
      'an input that is none',
      [file, ['input', '[]']],
      'invalid_form: Cannot take the field "input"',
    ],
    [
      'an input that is no JSON',
      [file, ['input', '{"a":1,}']],
      'invalid_form: Cannot take the field "input"',
    ],
    [
      'an input that is too deep',
      [['input', `{"a":${'['.repeat(30)}`]],
      'invalid_form: Cannot take the field "input"',
    ],
    ['an input that is empty', [['input', '']], 'invalid_form: Cannot take the field "input"'],
    [
      'JSON that is none',
      [file, ['a', '{', undefined, 'application/json']],
      'invalid_form: Cannot take the field "a"',
    ],
    ['a name without a part', [['a..b', 'x', 'f']], 'invalid_form: Cannot take the field "a..b"'],
    ['a pointer elsewhere', [['/webhook', 'x']], 'invalid_form: Cannot take the field "/webhook"'],
    [
      'a file for all of it',
      [['/input', 'x', 'f']],
      'invalid_form: Cannot take the field "/input"',
    ],
    [
      'a file over the limit',
      [
        ['a', 'x', 'f'],
        ['b', 'x'.repeat(1001), 'f'],
      ],
      'body_too_large: ',
    ],
    [
      'text over the limit',
      [file, ...Array.from({ length: 11 }, (_, at): Entry => [`t${at}`, 'x'.repeat(1000)])],
      'body_too_large: Cannot take more than 10000 bytes',
    ],
  ])('is refused for %s, and leaves nothing behind', async (_, entries, message) => {
    for (const chunks of [
      [form(...entries)],
      Array.from(form(...entries), (one) => Uint8Array.of(one)),
    ]) {
      expect(await problemOf(stage(chunks))).toContain(message)
      expectEmpty()
    }
  })

  test.each([undefined, 'f'])('takes names of 32 tokens and none of more (%s)', async (name) => {
    const changes = { limits: { ...limits, formNameBytes: 1024 } }
    const fieldOf = (count: number) => form([`a${'.a'.repeat(count - 1)}`, 'x', name])
    const { text } = await stage([fieldOf(32)], changes)
    expect(new TextDecoder().decode(text)).toContain(`${'{"a":'.repeat(32)}"`)
    await Promise.all([...store.objects.keys()].map((key) => store.delete(key)))
    expect(await problemOf(stage([fieldOf(33)], changes))).toMatch(
      /^invalid_form: .* 33 levels deep: 32 allowed/,
    )
    expectEmpty()
  })

  test.each([undefined, 'f'])('counts names as text, of what is empty, too (%s)', async (name) => {
    const fields = (count: number) =>
      form(...Array.from({ length: count }, (_, at): Entry => [`${'n'.repeat(9)}${at}`, '', name]))
    const changes = { textMaxBytes: 100 }
    expect(await problemOf(stage([fields(11)], changes))).toContain(
      'body_too_large: Cannot take more than 100 bytes in names and in fields',
    )
    expectEmpty()
    expect((await stage([fields(10)], changes)).files).toHaveLength(name === undefined ? 0 : 10)
  })

  test('leaves nothing behind wherever it breaks off or ends too early', async () => {
    const body = form(file, ['input', '{}'], ['b', 'y'.repeat(13), 'f'])
    for (let at = 1; at < body.length - 2; at++) {
      const broken = bodyOf([body.subarray(0, at)], () => {
        throw new Error('reset')
      })
      expect(await problemOf(stage([], { body: broken }))).toContain('client_gone')
      expectEmpty()
      expect(await problemOf(stage([body.subarray(0, at)]))).toContain('invalid_form')
      expectEmpty()
    }
  })

  test('leaves nothing behind when the store fails', async () => {
    for (const line of ['createUpload k/1', 'uploadPart k/1', 'completeUpload k/1', 'put k/2']) {
      store.before = (one) => {
        if (one === line) throw unavailable()
      }
      const body = form(file, ['b', 'y'.repeat(40), 'f'], ['c', 'z', 'f'])
      expect(await problemOf(stage([body])), line).toContain('store_unavailable')
      expectEmpty()
    }
  })

  test('is not staged at all when it is refused', async () => {
    const asked: string[] = []
    store.before = (line) => void asked.push(line)
    const beforeStaging = () => Promise.reject(new GatewayError('unauthorized', 'no'))
    expect(await problemOf(stage([form(file)], { beforeStaging }))).toContain('unauthorized')
    expect(asked).toEqual([])
  })
})
