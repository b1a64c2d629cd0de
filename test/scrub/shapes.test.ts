import { describe, expect, it } from 'vitest'
import { compileSecrets, Scrubber } from '../../src/scrub/scrubber.ts'
import type { ShapeName } from '../../src/scrub/shape-patterns.ts'

const safe: readonly ShapeName[] = ['aws-error', 'aws-secret', 'runpod-key', 'gateway-key']
const secrets = compileSecrets([])
const encoder = new TextEncoder()

function scrub(text: string, cuts: readonly number[], shapes: readonly ShapeName[]) {
  const told: string[] = []
  const onRemoved = (kind: string, form: string) => void told.push(`${kind} ${form}`)
  const scrubber = new Scrubber({ secrets, bases: [], signedHosts: [], shapes, onRemoved })
  const all = encoder.encode(text)
  const out: Uint8Array[] = []
  let from = 0
  for (const to of [...cuts, all.length]) {
    const chunk = all.slice(from, to)
    for (const one of scrubber.write(chunk)) if (one instanceof Uint8Array) out.push(one.slice())
    chunk.fill(0x23)
    from = to
  }
  for (const one of scrubber.end()) if (one instanceof Uint8Array) out.push(one)
  return { text: Buffer.concat(out).toString(), told }
}

function everyWay(text: string, shapes = safe) {
  const whole = scrub(text, [], shapes)
  const length = encoder.encode(text).length
  for (let cut = 0; cut <= length; cut++) expect(scrub(text, [cut], shapes)).toEqual(whole)
  const each = Array.from({ length }, (_, i) => i)
  expect(scrub(text, each, shapes)).toEqual(whole)
  expect(whole.text.length).toBe(text.length)
  return whole
}

/** Bytes that wait at most while a text comes in small chunks. */
function mostHeld(text: string, shapes: readonly ShapeName[]): number {
  const scrubber = new Scrubber({ secrets, bases: [], signedHosts: [], shapes })
  const all = encoder.encode(text)
  let [held, most] = [0, 0]
  for (let at = 0; at < all.length; at += 100) {
    const chunk = all.slice(at, at + 100)
    held += chunk.length
    for (const one of scrubber.write(chunk)) if (one instanceof Uint8Array) held -= one.length
    most = Math.max(most, held)
  }
  return most
}

/** What stands between `«` and `»` is to be masked, the rest to stay. */
function masks(marked: string, shapes = safe): string[] {
  const text = marked.replace(/[«»]/g, '')
  const expected = marked.replace(/«([^»]*)»/g, (_, secret: string) => '*'.repeat(secret.length))
  const { text: out, told } = everyWay(text, shapes)
  expect(out).toBe(expected)
  return told
}

const v4 = 'AWS4-HMAC-SHA256\n20261121T120000Z\n20261121/auto/s3/aws4_request\n0a1b2c'
const v2 = 'GET\n\n\n1795262400\nx-amz-security-token:IQoJ/a=b\n/bucket/key'
const canonical = 'PUT\n/b/k\nx-id=PutObject&amp;a=1\nhost:s\nx-amz-security-token:IQoJ\n\nhost\n0a'
const bytes = '41 57 53 34 2d 48 4d 41 43'
const error = [
  '<?xml version="1.0"?>\n<Error><Code>SignatureDoesNotMatch</Code>',
  '<AWSAccessKeyId>AKIAEXAMPLE</AWSAccessKeyId>',
  `<StringToSign>«${v4}»</StringToSign><SignatureProvided>«ab12»</SignatureProvided>`,
  `<StringToSignBytes>«${bytes}»</StringToSignBytes>`,
  `<CanonicalRequest>«${canonical}»</CanonicalRequest>`,
  `<CanonicalRequestBytes>«${bytes}»</CanonicalRequestBytes><RequestId>R</RequestId></Error>`,
].join('')

/** Applies to all of a marked text, its marks kept. */
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
const inHtmlJson = (text: string): string =>
  inJson(text).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
const inXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

describe('An AWS error body', () => {
  it.each([
    ['as it came', (text: string) => text],
    ['in a JSON string', (text: string) => `{"error":"${inJson(text)}","a":1}`],
    ['in JSON in JSON', (text: string) => `{"e":"${inJson(`{"m":"${inJson(text)}"}`)}","a":1}`],
    ['in a JSON string of Go', (text: string) => `{"error":"${inHtmlJson(text)}"}`],
    ['escaped as XML', inXml],
    ['escaped as XML, in JSON', (text: string) => `["${inJson(inXml(text))}"]`],
  ])('loses what was signed, %s', (_, inside) => {
    expect(masks(inside(error))).toEqual(Array.from({ length: 5 }, () => 'aws-error shape'))
  })

  it.each(['GET', 'PUT', 'POST', 'HEAD', 'DELETE'])('of SigV2 loses it too: %s', (method) => {
    const text = v2.replace('GET', method)
    masks(`<Error><AWSAccessKeyId>A</AWSAccessKeyId><StringToSign>«${text}»</StringToSign></Error>`)
    masks(inJson(`<AWSAccessKeyId>A</AWSAccessKeyId><StringToSign>«${text}»</StringToSign>`))
  })

  it('loses it as members of JSON and as Python prints it', () => {
    masks(`{"StringToSign": "«${inJson(v4)}»", "SignatureProvided":"«a\\"b\\\\»","n":1}`)
    masks(`{"e":"${inJson(`{"CanonicalRequest": "«${inJson(`${canonical}"`)}»", "b": 2}`)}"}`)
    masks(`{'StringToSign': '«${inJson(v4)}»', 'CanonicalRequestBytes': '«${bytes}»'}`)
  })

  it('that is cut short ends with its string', () => {
    masks(`{"error":"<CanonicalRequest>«${inJson(canonical)}»","output":"kept"}`)
    masks(`<SignatureProvided>«abc»`)
  })

  it('that goes on for ever is masked in constant memory, and not for ever', () => {
    const text = `<SignatureProvided>${'a'.repeat(200_000)}`
    const cuts = Array.from({ length: 20 }, (_, i) => i * 10_000)
    const { text: out } = scrub(text, cuts, safe)
    expect(out).toMatch(/^<SignatureProvided>\*{65536,75536}a+$/)
  })

  it('ends with its quote, however many backslashes stand before', () => {
    for (const pairs of [31, 32, 33, 36, 40, 70]) {
      const value = `ab${'\\'.repeat(pairs)}`
      masks(`{"SignatureProvided":"«${inJson(value)}»","b":2}`)
      masks(`{"e":"{\\"SignatureProvided\\":\\"«${inJson(inJson(value))}»\\",\\"b\\":2}"}`)
    }
  })

  it('holds no backslashes without end', () => {
    for (const start of ['"SignatureProvided":"', '"e":"{\\"CanonicalRequest\\":\\"']) {
      const text = `${start}${'\\'.repeat(100_000)}`
      const cuts = Array.from({ length: 10 }, (_, i) => i * 10_000)
      expect(mostHeld(text, safe)).toBeLessThan(200)
      expect(scrub(text, cuts, safe).text).toMatch(/^[^*]+\*{65536,75536}\\+$/)
    }
  })

  it('is left alone where only its words are there, or no such rule is', () => {
    masks('The StringToSign and the CanonicalRequest, <StringToSign>text</StringToSign>')
    masks(error.replace(/[«»]/g, ''), ['runpod-key'])
  })
})

const key = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'

describe('An AWS secret key beside its name', () => {
  it.each([
    `{"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"«${key}»"}`,
    `{"SecretAccessKey": "«${key.replaceAll('/', '\\/')}»"}`,
    `{"e":"{\\"secretAccessKey\\": \\"«${key}»\\"}"}`,
    `{'aws_access_key_id': 'AKIA', 'aws_secret_access_key': '«${key}»'}`.replace(
      "'aws_secret_access_key': '",
      "'secret_access_key': '",
    ),
    `export AWS_SECRET_ACCESS_KEY=«${key}»\n`,
    `aws_secret_access_key = «${key}»\nregion = auto`,
    `<AccessKeyId>A</AccessKeyId>\n    <SecretAccessKey>«${key}»</SecretAccessKey>`,
    `<AccessKeyId>A</AccessKeyId><SecretAccessKey>«${key}»</SecretAccessKey>`,
    `?AWS_SECRET_ACCESS_KEY=«${key.replaceAll('/', '%2F').replaceAll('+', '%2B')}»&a=1`,
  ])('is removed: %s', (marked) => {
    expect(masks(marked)).toEqual(['aws-secret shape'])
  })

  it.each([
    '{"SecretAccessKey":"short"}',
    `{"SecretAccessKey":"${key}longer"}`,
    `AWS_SECRET_ACCESS_KEY=${key.slice(1)}`,
    `a key of forty characters: ${key}`,
    'AKIAIOSFODNN7EXAMPLE',
  ])('what is none stays: %s', (text) => {
    expect(masks(text)).toEqual([])
  })
})

const runpod = `rpa_${'AB3D5F7H'.repeat(5)}`
const gateway = `bw_${'aB3-_'.repeat(8)}xyz`

describe('A key that tells what it is', () => {
  it.each([
    `Bearer «${runpod}»`,
    `{"k":"«${runpod}»","l":"\\n«${runpod.replace('rpa', 'rps')}»\\n"}`,
    `k%3D«${runpod}»%26`,
    `\\u0022«${runpod}»\\u0022 «${gateway}».`,
    `[«${gateway}»]`,
    `_«${runpod}»`.replace('_', ' a_b '),
  ])('is removed: %s', (marked) => {
    for (const one of masks(marked)) expect(one).toMatch(/^(?:runpod|gateway)-key shape$/)
  })

  it.each([
    'rpa_short and rps_, bw_ too',
    `${runpod}${'X'.repeat(40)}`,
    `sher${runpod}`,
    `${gateway}x`,
    'b bw rp r rpa a_b_c__ _',
  ])('what is none stays: %s', (text) => {
    expect(masks(text)).toEqual([])
  })
})

it('delays no event and no line', () => {
  const scrubber = new Scrubber({ secrets, bases: [], signedHosts: [], shapes: safe })
  for (const text of ['data: {"a":"b"}\n\n', '{"a":1}\r\n', '\n', ' ']) {
    const out = scrubber.write(encoder.encode(text))
    expect(out.map((one) => Buffer.from(one as Uint8Array).toString())).toEqual([text])
  }
})

describe('Rules that are asked for', () => {
  it('mask signatures and tokens on any host', () => {
    const shapes = ['presigned-url'] as const
    masks('https://a.example/k?X-Amz-Signature=«0123abcd»&x=1', shapes)
    masks('"https://a.example/k?Expires=1&Signature=«aB%2F+%3D»&x=1"', shapes)
    masks('https:\\/\\/a.example\\/k?sv=1\\u0026se=2&sig=«aB%2Bc»', shapes)
    masks('u=https%3A%2F%2Fa%2F%3FX-Goog-Signature%3D«0a»%26x', shapes)
    masks('https://a.example/k?X-Amz-Signature=0123abcd', safe)
  })

  it('mask a signature of any length, and hold none of its escapes without end', () => {
    const shapes = ['presigned-url'] as const
    for (const length of [500, 505, 509, 510, 511, 512, 513, 1024, 2000]) {
      const value = `${'a'.repeat(length)}%25252B\\\\u003d\\/%252fb`
      masks(`X-Amz-Security-Token=«${value}» c`, shapes)
    }
    for (const endless of ['\\', '25']) {
      const text = `X-Amz-Signature=a%${endless.repeat(10_000)}`
      expect(mostHeld(text, shapes)).toBeLessThan(200)
      expect(mostHeld(text.replace('%', ''), shapes)).toBeLessThan(200)
    }
  })

  it('mask tokens of other services', () => {
    const shapes = ['huggingface-token', 'github-token'] as const
    masks(`«hf_${'aB'.repeat(17)}» «ghp_${'a1'.repeat(18)}»`, shapes)
    masks(`hf_${'aB'.repeat(17)}`, safe)
  })
})
