import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { isForm, readBoundary } from '../../src/multipart/boundary.ts'
import type { FormLimits } from '../../src/multipart/form-limits.ts'
import { FormParser } from '../../src/multipart/form-parser.ts'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { readForm } from '../fuzz/reference/form.ts'

const bytes = createBytePrimitives()
const limits: FormLimits = {
  formParts: 20,
  formNameBytes: 64,
  formHeaderBytes: 512,
  payloadBytes: 10_000,
}

interface Got {
  readonly name: string
  readonly filename?: string
  readonly contentType?: string
  readonly content: string
}

/** What a parser makes of chunks, which it may not look at again. */
function parse(chunks: Iterable<Uint8Array>, boundary = 'b', changes: Partial<FormLimits> = {}) {
  const parser = new FormParser({ boundary, bytes, limits: { ...limits, ...changes } })
  const parts: Got[] = []
  let content: Uint8Array[] = []
  for (const one of chunks) {
    const chunk = Uint8Array.from(one)
    parser.push(chunk)
    for (let event = parser.step(); event.kind !== 'more'; event = parser.step()) {
      if (event.kind === 'part') content = []
      else if (event.kind === 'bytes') content.push(event.bytes.slice())
      else {
        const { index, offset, ...headers } = event.part
        expect(index).toBe(parts.length)
        expect(offset).toBeGreaterThan(0)
        parts.push({ ...headers, content: Buffer.concat(content).toString('latin1') })
      }
    }
    // As Node frees what has been read.
    chunk.fill(0x2d).buffer.transfer(0)
  }
  parser.end()
  return parts
}

const raw = (text: string) => Buffer.from(text, 'latin1')
const named = (parameters: string) => `--b\r\nContent-Disposition: form-data; ${parameters}\r\n\r\n`
const nameOf = (parameters: string) => parse([raw(`${named(parameters)}x\r\n--b--`)])[0]

function factsOf(text: string, changes: Partial<FormLimits> = {}) {
  const verdicts = [[raw(text)], Array.from(raw(text), (byte) => Uint8Array.of(byte))].map(
    (chunks) => {
      try {
        parse(chunks, 'b', changes)
      } catch (error) {
        if (error instanceof GatewayError) return error
        throw error
      }
      throw new Error('accepted')
    },
  )
  const [whole, single] = verdicts
  expect(single?.code).toBe(whole?.code)
  return { code: whole?.code, offset: whole?.facts.offset, limit: whole?.facts.limitName }
}

const form = [
  'a preamble\r\n-- \r\n--b  \t\r\n',
  'Content-Disposition: form-data; name="text"\r\n\r\nhe\r\n-llo\r\n\r\n--\r\n',
  '--b\r\nX-Other: \xe4\r\ncontent-DISPOSITION: form-data; name="f"; filename="a b.png"\r\n',
  'Content-Type: image/png\r\n\r\n\r\n-\r\n--\r\n--B\r\n--\r\r\n--b\r\n',
  'Content-Disposition: form-data; name=empty\r\n\r\n\r\n--b\r\n',
  'Content-Disposition: form-data; name=none\r\n\r\n--b--\r\nan epilogue',
].join('')

const parts = [
  { name: 'text', content: 'he\r\n-llo\r\n\r\n--' },
  {
    name: 'f',
    filename: 'a b.png',
    contentType: 'image/png',
    content: '\r\n-\r\n--\r\n--B\r\n--\r',
  },
  { name: 'empty', content: '' },
  { name: 'none', content: '' },
]

describe('a form', () => {
  it('has the same parts wherever it is cut', () => {
    const whole = raw(form)
    expect(parse([whole])).toEqual(parts)
    expect(parse(Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(parts)
    for (let at = 1; at < whole.length; at++) {
      expect(parse([whole.subarray(0, at), whole.subarray(at)])).toEqual(parts)
      const middle = whole.subarray(at, at + 7)
      expect(parse([whole.subarray(0, at), middle, whole.subarray(at + 7)])).toEqual(parts)
    }
  })

  it('is incomplete wherever it ends before its final boundary', () => {
    const whole = raw(form)
    const end = form.indexOf('--b--') + '--b--'.length
    for (let at = 0; at < whole.length; at++) {
      if (at < end) expect(() => parse([whole.subarray(0, at)])).toThrow('invalid_form')
      else expect(parse([whole.subarray(0, at)])).toEqual(parts)
    }
  })

  it('may have no parts', () => {
    expect(parse([raw('--b--')])).toEqual([])
  })

  it('is read as a slow reader reads it', () => {
    const boundaries = fc.constantFrom('b', '--', 'aaaa', "(x'y)+_,-./:=? 1")
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom('\r', '\n', '-', '\r\n', '\r\n--', '\r\n--b', '\r\n--a', '\r\n----', '\0'),
        fc.string({ unit: 'binary-ascii', maxLength: 8 }),
      ),
      { maxLength: 8 },
    )
    const part = fc.record({ content: pieces, isFile: fc.boolean(), padding: fc.boolean() })
    fc.assert(
      fc.property(boundaries, fc.array(part, { maxLength: 5 }), fc.nat(), (boundary, list, at) => {
        const lines = list.map(({ content, isFile, padding }, index) => {
          const more = isFile ? '; filename="x"\r\nContent-Type: a/b' : ''
          const head = `Content-Disposition: form-data; name="n${index}"${more}`
          return `--${boundary}${padding ? ' ' : ''}\r\n${head}\r\n\r\n${content.join('')}\r\n`
        })
        const body = `${lines.join('')}--${boundary}--\r\n`
        const cutAt = at % body.length
        const expected = readForm(body, boundary, limits)
        const chunks = [raw(body.slice(0, cutAt)), raw(body.slice(cutAt))]
        if (expected.refusal === undefined) expect(parse(chunks, boundary)).toEqual(expected.parts)
        else expect(() => parse(chunks, boundary)).toThrow(expected.refusal.message)
      }),
    )
  })
})

describe('names of a form', () => {
  it.each([
    ['name="a%22b%0D%0Ac%20"', 'a"b\r\nc%20'],
    ['name="a\\"b"', 'a"b'],
    ['name="a\\\\b"', 'a\\b'],
    ['name="a\\b"', 'a\\b'],
    ['name="a\\"', 'a\\'],
    ['name="a;b=c"', 'a;b=c'],
    ['name=plain ;', 'plain'],
    ['NAME = "x"', 'x'],
    ['name="\xf0\x9f\x98\x80"', '😀'],
    ['name="gr\xf6\xdfe"', 'größe'],
    ['name="__proto__"', '__proto__'],
  ])('read %s', (parameters, name) => {
    expect(nameOf(parameters)?.name).toBe(name)
  })

  it.each([
    ['filename="C:\\dir\\"', 'C:\\dir\\'],
    ['filename="a.png"; filename*=UTF-8\'\'%f0%9f%98%80.png', '😀.png'],
    ["filename*=iso-8859-1'en'gr%f6sse", 'grösse'],
    ['filename=""', ''],
    ['filename="say %22hi%22 \xf0\x9f\x98\x80.txt"', 'say "hi" 😀.txt'],
  ])('read %s', (parameters, filename) => {
    expect(nameOf(`name="a\\"; ${parameters}`)).toMatchObject({ name: 'a\\', filename })
  })
})

describe('a form that is not well-formed', () => {
  const head = 'Content-Disposition: form-data; name="a"\r\n'

  it.each([
    ['a boundary in the line of which more stands', `--bx\r\n${head}\r\n`, 3],
    ['a dash too few behind a boundary', `--b-\r\n${head}\r\n`, 4],
    ['a boundary of which the line never ends', `--b${' '.repeat(600)}\r\n`, 515],
    ['a preamble without an end', 'x'.repeat(600), 600],
    ['an epilogue without an end', `--b--${'x'.repeat(600)}`, 5],
    ['no final boundary', `--b\r\n${head}\r\nx\r\n--b\r\n`, 57],
    ['no boundary at all', '', 0],
    ['lines without CR', `--b\r\n${head.replace('\r', '')}\r\nx\r\n--b--`, 46],
    ['no headers', '--b\r\n\r\nx\r\n--b--', 5],
    ['no disposition', '--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--', 5],
    ['another disposition', '--b\r\nContent-Disposition: file; name=a\r\n\r\nx\r\n--b--', 5],
    ['two dispositions', `--b\r\n${head}${head}\r\nx\r\n--b--`, 5],
    ['two names', `${named('name=a; name=b')}x\r\n--b--`, 5],
    ['no name', `${named('filename=a')}x\r\n--b--`, 5],
    ['an empty name', `${named('name=""')}x\r\n--b--`, 5],
    ['a name without an end', `${named('name="a')}x\r\n--b--`, 5],
    ['a header without a name', `--b\r\n${head}: x\r\n\r\nx\r\n--b--`, 5],
    ['a header with a NUL', `--b\r\n${head}X: \0\r\n\r\nx\r\n--b--`, 5],
    ['a file name in an unknown charset', `${named("name=a; filename*=x''a")}x\r\n--b--`, 5],
    ['base64', `--b\r\n${head}Content-Transfer-Encoding: BASE64\r\n\r\nx\r\n--b--`, 5],
    ['a form in the form', `--b\r\n${head}Content-Type: multipart/mixed\r\n\r\nx\r\n--b--`, 5],
  ])('is refused at %s', (_, text, offset) => {
    expect(factsOf(text)).toEqual({ code: 'invalid_form', offset, limit: undefined })
  })

  it.each([
    ['formParts', named('name=a').repeat(3), { formParts: 2 }],
    ['formNameBytes', named(`name="${'\xc3\xa4'.repeat(9)}"`), { formNameBytes: 17 }],
    ['formNameBytes', named('name=a; filename=123456789'), { formNameBytes: 8 }],
    ['formHeaderBytes', `--b\r\nX: ${'x'.repeat(600)}`, {}],
    ['payloadBytes', `${named('name=a')}${'x'.repeat(101)}`, { payloadBytes: 100 }],
  ])('is refused where it goes over %s, before it ends', (name, text, changes) => {
    const { code, limit } = factsOf(text, changes)
    expect({ code, limit }).toEqual({ code: 'body_too_large', limit: `limits.${name}` })
  })

  it('may have a part of exactly the limit', () => {
    const body = `${named('name=a')}${'\r'.repeat(100)}\r\n--b--`
    expect(parse([raw(body)], 'b', { payloadBytes: 100 })[0]?.content).toHaveLength(100)
  })
})

describe('the boundary', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;charset=utf-8; Boundary="a b;c"', 'a b;c'],
    [`multipart/form-data; boundary=${'x'.repeat(70)}`, 'x'.repeat(70)],
  ])('is read from %s', (type, boundary) => {
    expect(isForm(type)).toBe(true)
    expect(readBoundary(type)).toBe(boundary)
  })

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="a "',
    'multipart/form-data; boundary="\u00e4"',
    'multipart/form-data; boundary=a; boundary=b',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ])('is refused in %s', (type) => {
    expect(() => readBoundary(type)).toThrow('invalid_form')
  })

  it('is looked for in forms alone', () => {
    expect(isForm('multipart/mixed; boundary=a')).toBe(false)
    expect(isForm('multipart/form-data-x')).toBe(false)
  })
})

it('takes a gigabyte without keeping any of it', () => {
  const parser = new FormParser({ boundary: 'b', bytes, limits: { ...limits, payloadBytes: 2e9 } })
  const chunk = new Uint8Array(1 << 20)
  parser.push(raw(named('name=a')))
  let length = 0
  for (let count = 0; count <= 1024; count++) {
    for (let event = parser.step(); event.kind !== 'more'; event = parser.step()) {
      if (event.kind === 'bytes') length += event.bytes.length
    }
    parser.push(chunk)
  }
  expect(length).toBe(2 ** 30)
})
