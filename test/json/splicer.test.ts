import { describe, expect, it } from 'vitest'
import { compileRules } from '../../src/json/pointer.ts'
import type { LiftRule } from '../../src/json/rules.ts'
import { JsonSplicer } from '../../src/json/splicer.ts'
import { defaults, everyCut, type Spliced, splice, spliceAsIs, utf8, verdict } from './splice.ts'

const content = Buffer.from(
  '>>>???\xff\xfe the payload of this test, long enough to be one',
  'latin1',
)
const base64 = content.toString('base64')
const base64url = content.toString('base64url')

function residueText({ residue }: Spliced): string {
  return Buffer.from(residue.bytes).toString()
}

/** Splices at every cut and expects the same each time. */
function spliceEverywhere(text: string, options = {}): Spliced {
  const whole = utf8(text)
  const first = splice([whole], options)
  for (const chunks of everyCut(whole)) expect(splice(chunks, options)).toEqual(first)
  for (const roomBytes of [3, 6, 4095]) expect(splice([whole], options, roomBytes)).toEqual(first)
  return first
}

function rules(...list: LiftRule[]): { rules: ReturnType<typeof compileRules<LiftRule>> } {
  return { rules: compileRules(list) }
}

describe('JsonSplicer', () => {
  it('lifts base64 out of input and keeps the rest byte for byte', () => {
    const text = ` {"id": 1e400,\r\n"input" :{"a":"${base64}" , "n":-0,"n":12345678901234567890,"é\\u0041":"\\u00e9😀"}\t} `
    const spliced = spliceEverywhere(text)
    expect(residueText(spliced)).toBe(text.replace(`"${base64}"`, ''))
    expect(spliced.payloads).toEqual([
      {
        payload: { index: 0, pointer: '/input/a', encoding: 'base64', dataUri: false },
        content,
      },
    ])
    expect(spliced.residue.payloads[0]?.at).toBe(text.indexOf(`"${base64}"`))
  })

  it.each([
    ['padded', base64],
    ['unpadded', base64.replaceAll('=', '')],
    ['url-safe', base64url],
    ['of both alphabets', base64.replace('/', '_')],
    ['with escaped slashes', base64.replaceAll('/', '\\/')],
    ['with slashes as code units', base64.replaceAll('/', '\\u002f').replaceAll('+', '\\u002B')],
    ['with letters as code units', base64.replaceAll('I', '\\u0049').replaceAll('=', '\\u003d')],
    ['in MIME lines', base64.replaceAll(/(.{19})/g, '$1\\r\\n')],
    ['in lines ended by a code unit', `${base64.replaceAll(/(.{7})/g, '$1\\u000a')}\\n`],
  ])('decodes base64 %s', (_, spelled) => {
    const spliced = spliceEverywhere(`{"input":{"a":["x","${spelled}"]},"b":1}`)
    expect(residueText(spliced)).toBe('{"input":{"a":["x",]},"b":1}')
    expect(spliced.payloads[0]?.content).toEqual(content)
    expect(spliced.payloads[0]?.payload.pointer).toBe('/input/a/1')
  })

  it.each([
    ['plain', 'data:image/PNG;base64,', 'image/png'],
    ['escaped', 'data:image\\/png;base64\\u002c', 'image/png'],
    ['in capitals', 'DATA:Image/png;BASE64,', 'image/png'],
    ['with parameters', 'data:text/plain;charset=UTF-8;base64,', 'text/plain;charset=UTF-8'],
    ['without a type', 'data:;base64,', undefined],
  ])('takes the media type of a data URI, %s', (_, head, mediaType) => {
    for (const stageMinBytes of [1, 4, 5, 16, 40]) {
      const { payloads } = spliceEverywhere(`{"input":{"a":"${head}${base64}"}}`, { stageMinBytes })
      expect(payloads[0]?.payload.mediaType).toBe(mediaType)
      expect(payloads[0]?.payload.dataUri).toBe(true)
      expect(payloads[0]?.content).toEqual(content)
    }
  })

  it.each([
    ['shorter than the limit', 'AAAABBBBCCCCDDD'],
    ['with a foreign character in its beginning', 'AAAABBBB CCCCDDDDEEEEFFFF'],
    ['with a space at its beginning', ' AAAABBBBCCCCDDDDEEEE'],
    ['with data after padding in its beginning', 'AAAAAA==BBBBCCCCDDDDEEEE'],
    ['with three pads in its beginning', 'AAAAA===BBBBCCCCDDDDEEEE'],
    ['of prose', 'data: the quick brown fox, jumps'],
    ['with a tab', 'AAAABBBB\\tCCCCDDDDEEEEFFFF'],
    ['with another data URI', 'data:image/svg+xml,%3Csvg%3E%3C/svg%3E'],
    ['with another scheme', 'data:AAAABBBBCCCCDDDDEEEE'],
    ['beyond ASCII', 'ÄÖÜäöüßÄÖÜäöüß€€€€😀'],
    ['whose data URI never begins', `data:${'x'.repeat(2000)};base64,AAAA`],
    ['with a control code unit for a colon', 'data\\u001aAAAABBBBCCCCDDDD'],
  ])('keeps a string %s', (_, spelled) => {
    const text = `{"input":{"a":"${spelled}"}}`
    const spliced = splice([utf8(text)])
    expect(spliced.payloads).toEqual([])
    expect(residueText(spliced)).toBe(text)
    if (text.length < 100) spliceEverywhere(text)
  })

  it('counts raw bytes between the quotes', () => {
    expect(splice([utf8('{"input":{"a":"AAAABBBBCCCCDDDD"}}')]).payloads).toHaveLength(1)
    expect(splice([utf8('{"input":{"a":"AAAABBBBCC\\u0041"}}')]).payloads[0]?.content.length).toBe(
      8,
    )
  })

  it.each([
    ['elsewhere', `{"output":{"a":"${base64}"},"a":"${base64}"}`],
    ['at input itself', `{"input":"${base64}"}`],
    ['under an index', `[{"input":{"a":"${base64}"}}]`],
    ['at another depth', `{"x":{"input":{"a":"${base64}"}}}`],
    ['behind input', `{"input":{},"x":{"a":"${base64}"}}`],
    ['as a key', `{"input":{"${base64}":1}}`],
  ])('leaves base64 %s alone', (_, text) => {
    const spliced = spliceEverywhere(text)
    expect(residueText(spliced)).toBe(text)
  })

  it('knows input in any spelling, and twice', () => {
    const text = `{"\\u0069nput":{"a":"${base64}","a":"${base64url}"},"input":{"a~/b\\n":["${base64}"]}}`
    const { payloads } = spliceEverywhere(text)
    expect(payloads.map(({ payload }) => payload.pointer)).toEqual([
      '/input/a',
      '/input/a',
      '/input/a~0~1b\n/0',
    ])
    expect(payloads.map((each) => each.content)).toEqual([content, content, content])
  })

  it('lifts by rule whatever the size, the place and the switch', () => {
    const rule: LiftRule = {
      pointer: '/images/*/image',
      stage: true,
      encoding: 'base64',
      mediaType: 'image/x',
    }
    const text =
      '{"images":[{"image":"AAAA"},{"image":"","x":"AAAA"},{"image":1},{"image":"data"}]}'
    const spliced = spliceEverywhere(text, { lift: false, ...rules(rule) })
    expect(residueText(spliced)).toBe(
      '{"images":[{"image":},{"image":,"x":"AAAA"},{"image":1},{"image":}]}',
    )
    expect(spliced.payloads.map((each) => each.content.toString('base64'))).toEqual([
      'AAAA',
      '',
      'data',
    ])
    expect(spliced.payloads[0]?.payload).toEqual({
      index: 0,
      pointer: '/images/0/image',
      rule,
      mediaType: 'image/x',
      encoding: 'base64',
      dataUri: false,
    })
  })

  it('lifts text by rule, unescaped', () => {
    const value = 'Grüße, "Welt" \\ / 😀 \u0000 \u07ff \uffff'
    const spelled = JSON.stringify(value).replace('😀', '\\uD83D\\ude00').replace('/', '\\/')
    const forced = rules({ pointer: '/input/t', stage: true, encoding: 'text' })
    const bySize = rules({ pointer: '/input/t', encoding: 'text' })
    for (const options of [forced, bySize]) {
      const spliced = spliceEverywhere(`{"input":{"t":${spelled},"u":"AAAA"}}`, options)
      expect(residueText(spliced)).toBe('{"input":{"t":,"u":"AAAA"}}')
      expect(spliced.payloads[0]?.content.toString()).toBe(value)
    }
    const short = '{"input":{"t":"short"}}'
    expect(residueText(spliceEverywhere(short, bySize))).toBe(short)
    expect(spliceEverywhere(short, forced).payloads[0]?.content.toString()).toBe('short')
  })

  it('lets the first rule that matches win', () => {
    const never: LiftRule = { pointer: '/input/a', stage: false, encoding: 'base64' }
    const always: LiftRule = { pointer: '/input/*', stage: true, encoding: 'base64' }
    const text = `{"input":{"a":"${base64}","b":"AAAA"}}`
    expect(splice([utf8(text)], rules(never, always)).payloads).toHaveLength(1)
    expect(splice([utf8(text)], rules(always, never)).payloads).toHaveLength(2)
    expect(splice([utf8(text)], rules(never)).payloads).toHaveLength(0)
  })

  it('records where watched members lie', () => {
    const text = `{"webhook": "x" ,"s3\\u0043onfig":{"a":[{"webhook":null}]},"input":{"webhook":"${base64}"},"webhoo":1}`
    const { residue } = spliceEverywhere(text, { watch: new Set(['webhook', 's3Config']) })
    const spans = residue.members.map(({ start, end, ...member }) => ({
      ...member,
      value: Buffer.from(residue.bytes.subarray(start, end)).toString(),
    }))
    expect(spans).toEqual([
      { name: 'webhook', pointer: '/webhook', depth: 1, value: '"x"' },
      { name: 's3Config', pointer: '/s3Config', depth: 1, value: '{"a":[{"webhook":null}]}' },
      { name: 'webhook', pointer: '/s3Config/a/0/webhook', depth: 4, value: 'null' },
      { name: 'webhook', pointer: '/input/webhook', depth: 2, value: '', payload: 0 },
    ])
  })

  it.each([
    ['{}', 'object'],
    ['[]', 'array'],
    [' "a" ', 'string'],
    ['-1.5e+7', 'number'],
    ['true', 'boolean'],
    ['null', 'null'],
  ])('names the kind of %s', (text, kind) => {
    expect(spliceEverywhere(text).residue.topLevel).toBe(kind)
  })
})

describe('nothing is lost', () => {
  it('where a room ends, at any size of payload and room and any cut', () => {
    for (let length = 12; length < 34; length++) {
      const bytes = Buffer.from(Array.from({ length }, (_, at) => 255 - at))
      for (const spelled of [bytes.toString('base64'), bytes.toString('base64url')]) {
        const whole = utf8(`{"input":{"a":"${spelled}"}}`)
        for (const roomBytes of [3, 6, 9, 12, 15]) {
          for (const cut of [15, 16, 17, 18, 19, 30, 31, 32, 33]) {
            const chunks = [whole.subarray(0, cut), whole.subarray(cut)]
            expect(splice(chunks, {}, roomBytes).payloads[0]?.content).toEqual(bytes)
          }
        }
      }
    }
  })

  it('when the buffer of a chunk is given away and reused for the next', () => {
    const large = Buffer.from(Array.from({ length: 90_000 }, (_, at) => (at * at) % 251))
    const whole = utf8(`{"input":{"key":"value","a":"${large.toString('base64')}"},"z":[1,2]}`)
    let buffer = new ArrayBuffer(8192)
    function* recycled(): Generator<Uint8Array> {
      for (let at = 0; at < whole.length; at += 8192) {
        const piece = whole.subarray(at, at + 8192)
        const chunk = new Uint8Array(buffer, 0, piece.length)
        chunk.set(piece)
        yield chunk
        buffer = structuredClone(buffer, { transfer: [buffer] })
      }
    }
    const spliced = spliceAsIs(recycled(), { stageMinBytes: 65_536 })
    expect(spliced.payloads[0]?.content.equals(large)).toBe(true)
    expect(residueText(spliced)).toBe('{"input":{"key":"value","a":},"z":[1,2]}')
  })

  it('of a key that is split over chunks, nor is any of it doubled', () => {
    const whole = utf8('{"input":{"split-\\u006bey":{"a":"AAAABBBBCCCCDDDD"}}}')
    for (const chunks of everyCut(whole)) {
      expect(splice(chunks).payloads[0]?.payload.pointer).toBe('/input/split-key/a')
    }
  })

  it('of the last bytes before a room is full: only then, and only if more come, it is full', () => {
    const kinds: string[] = []
    const splicer = new JsonSplicer({ ...defaults, stageMinBytes: 8 })
    splicer.push(utf8('{"input":{"a":"AAAABBBBCCCC"}}'))
    for (let event = splicer.step(); event.kind !== 'more'; event = splicer.step()) {
      kinds.push(`${event.kind} ${splicer.written}`)
      if (event.kind !== 'payload-end') splicer.room(new Uint8Array(kinds.length > 1 ? 3 : 6))
    }
    expect(kinds).toEqual(['payload 0', 'full 6', 'payload-end 3'])
  })

  it('refuses to be driven in the wrong order', () => {
    const splicer = new JsonSplicer({ ...defaults, stageMinBytes: 8 })
    expect(splicer.step()).toEqual({ kind: 'more' })
    expect(() => splicer.room(new Uint8Array(3))).toThrow('room without a payload')
    splicer.push(utf8('{"input":{"a":"AAAABBBB"}}'))
    expect(() => splicer.push(utf8('x'))).toThrow('push before')
    expect(() => splicer.end()).toThrow('end before')
    expect(splicer.step().kind).toBe('payload')
    expect(() => splicer.step()).toThrow('step before room')
    expect(() => splicer.room(new Uint8Array(4))).toThrow(RangeError)
  })
})

describe('bad input', () => {
  const long = 'A'.repeat(40)
  it.each([
    ['', 'invalid_json 0'],
    ['  ', 'invalid_json 2'],
    ['{"a":1', 'invalid_json 6'],
    ['{"a":1}}', 'invalid_json 7'],
    ['\uFEFF{}', 'invalid_json 0'],
    ['{"a":01}', 'invalid_json 6 /a'],
    ['[1,]', 'invalid_json 3 /1'],
    ['{"a":1,}', 'invalid_json 7'],
    ['[tru]', 'invalid_json 4 /0'],
    ['-', 'invalid_json 1'],
    ['["\\x"]', 'invalid_json 3 /0'],
    ['["\n"]', 'invalid_json 2 /0'],
    [`{"input":{"a":"${long}"},}`, 'invalid_json 58'],
    [`{"input":{"a":"${long}"}} x`, 'invalid_json 59'],
    [`{"input":{"a":"${long}`, 'invalid_json 55 /input/a'],
    [`{"input":{"a":"${long}\n"}}`, 'invalid_json 55 /input/a'],
    [`{"input":{"a":"${long}\\x"}}`, 'invalid_json 56 /input/a'],
    [`{"input":{"a":"${long}\\u00g0"}}`, 'invalid_json 59 /input/a'],
    [`{"input":{"a":"${long}*"}}`, 'invalid_payload 55 /input/a'],
    [`{"input":{"a":"${long} "}}`, 'invalid_payload 55 /input/a'],
    [`{"input":{"a":"${long}\\u002a"}}`, 'invalid_payload 55 /input/a'],
    [`{"input":{"a":"${long}\\""}}`, 'invalid_payload 55 /input/a'],
    [`{"input":{"a":"${long}\\/*"}}`, 'invalid_payload 57 /input/a'],
    [`{"input":{"a":"${long}é"}}`, 'invalid_payload 55 /input/a'],
    [`{"input":{"a":"${long}="}}`, 'invalid_payload 55 /input/a'],
    [`{"input":{"a":"${long}AA="}}`, 'invalid_payload 58 /input/a'],
    [`{"input":{"a":"${long}AAA=="}}`, 'invalid_payload 59 /input/a'],
    [`{"input":{"a":"${long}AA==AAAA"}}`, 'invalid_payload 59 /input/a'],
    [`{"input":{"a":"${long}A"}}`, 'invalid_payload 56 /input/a'],
    [`{"input":{"a":"data:;base64,${long}!"}}`, 'invalid_payload 68 /input/a'],
  ])('refuses %j: %s', (text, expected) => {
    const whole = utf8(text)
    for (const chunks of everyCut(whole)) expect(verdict(() => splice(chunks))).toBe(expected)
  })

  it('refuses what a rule declares base64 and is not', () => {
    const options = rules({ pointer: '/a', stage: true, encoding: 'base64' })
    for (const [spelled, offset] of [
      ['*', 6],
      ['AA*', 8],
      ['data:', 11],
      ['data:text/plain,x', 21],
      ['data:\\u0007', 16],
      ['é', 6],
    ] as const) {
      for (const chunks of everyCut(utf8(`{"a":"${spelled}"}`))) {
        expect(verdict(() => splice(chunks, options))).toBe(`invalid_payload ${offset} /a`)
      }
    }
  })

  it('refuses half a surrogate pair in lifted text only', () => {
    const options = rules({ pointer: '/a', stage: true, encoding: 'text' })
    for (const half of [
      '\\ud83d',
      '\\ude00',
      '\\ud83dx',
      '\\ud83d\\n',
      '\\ud83d\\ud83d',
      '\\ud83dé',
    ]) {
      for (const chunks of everyCut(utf8(`{"a":"${half}"}`))) {
        expect(verdict(() => splice(chunks, options))).toBe('invalid_payload 6 /a')
        expect(verdict(() => splice(chunks))).toBe('accepted')
      }
    }
  })

  it('refuses invalid UTF-8 at the byte that is wrong', () => {
    const options = rules({ pointer: '/a', stage: true, encoding: 'text' })
    for (const [wrong, at] of [
      [[0x80], 0],
      [[0xc0, 0x80], 0],
      [[0xc3, 0x28], 1],
      [[0xc3], 1],
      [[0xe0, 0x9f, 0xbf], 1],
      [[0xe2, 0x82], 2],
      [[0xed, 0xa0, 0x80], 1],
      [[0xf0, 0x8f, 0xbf, 0xbf], 1],
      [[0xf4, 0x90, 0x80, 0x80], 1],
      [[0xf5], 0],
    ] as const) {
      const inValue = Buffer.concat([utf8('{"a":"'), Uint8Array.from(wrong), utf8('"}')])
      const inKey = Buffer.concat([utf8('{"a'), Uint8Array.from(wrong), utf8('":1}')])
      for (const chunks of everyCut(inValue)) {
        expect(verdict(() => splice(chunks))).toBe(`invalid_json ${6 + at} /a`)
        expect(verdict(() => splice(chunks, options))).toBe(`invalid_json ${6 + at} /a`)
      }
      for (const chunks of everyCut(inKey)) {
        expect(verdict(() => splice(chunks))).toBe(`invalid_json ${3 + at}`)
      }
    }
  })

  it('refuses nesting at the bracket that passes the limit, however deep it is', () => {
    const deep = utf8('['.repeat(1_000_000))
    expect(verdict(() => splice([deep]))).toBe('nesting_too_deep 512')
    const fits = utf8(`${'['.repeat(512)}${']'.repeat(512)}`)
    expect(verdict(() => splice([fits]))).toBe('accepted')
    expect(verdict(() => splice([utf8('{"a":[{}]}')], { nesting: 2 }))).toBe('nesting_too_deep 6')
  })

  it('refuses a long key as soon as it is too long', () => {
    const options = { keyBytes: 8 }
    for (const chunks of everyCut(utf8('{"12345678":1,"\\u00411234":2}'))) {
      expect(verdict(() => splice(chunks, options))).toBe('key_too_long 23')
    }
    const chunk = new Uint8Array(65_536).fill(0x41)
    function* endless(): Generator<Uint8Array> {
      yield utf8('{"')
      for (;;) yield chunk
    }
    expect(verdict(() => splice(endless()))).toBe('key_too_long 1026')
  })

  it('refuses a residue over its limit, lifted payloads not counted', () => {
    const text = `{"input":{"a":"${'A'.repeat(40_000)}","b":1}}`
    expect(verdict(() => splice([utf8(text)], { residueMaxBytes: 24 }))).toBe('accepted')
    expect(verdict(() => splice([utf8(text)], { residueMaxBytes: 21 }))).toMatch(/^body_too_large/)
    function* endless(): Generator<Uint8Array> {
      yield utf8('{"a":"')
      for (;;) yield new Uint8Array(65_536).fill(0x41)
    }
    expect(verdict(() => splice(endless()))).toMatch(/^body_too_large/)
  })

  it('refuses too many payloads', () => {
    const options = rules({ pointer: '/a/*', stage: true, encoding: 'base64' })
    const text = '{"a":["AAAA","AAAA","AAAA"]}'
    expect(verdict(() => splice([utf8(text)], { ...options, payloadsMax: 3 }))).toBe('accepted')
    expect(verdict(() => splice([utf8(text)], { ...options, payloadsMax: 2 }))).toMatch(
      /^invalid_request .*\/a\/2$/,
    )
  })
})
