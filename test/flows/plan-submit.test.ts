import { describe, expect, test } from 'vitest'
import type { Principal } from '../../src/auth/authenticate.ts'
import type { EndpointConfig } from '../../src/config/config.ts'
import { planSubmit } from '../../src/flows/plan-submit.ts'
import { callOf, fakeConfig } from './fake-deps.ts'

const config = fakeConfig()
const passthrough: Principal = { ids: async () => ['k:1'], mode: 'passthrough', scopes: ['admin'] }
const byKey: Principal = { ...passthrough, ids: async () => ['n:1'], mode: 'keys' }
const found = config.endpoint('plain')
if (found === undefined) throw new Error('no endpoint')
const bare: EndpointConfig = found
const keyed: EndpointConfig = { ...bare, as: 'key' }
const always: EndpointConfig = { ...keyed, stage: 'always' }

const kib = 1024
const mib = 1024 * kib

interface Head {
  readonly endpoint?: EndpointConfig
  readonly size?: number | undefined
  readonly principal?: Principal
  readonly operation?: 'run' | 'runsync'
  readonly headers?: Record<string, string>
}

function plan({ endpoint = keyed, principal = passthrough, operation = 'run', ...head }: Head) {
  const contentLength = 'size' in head ? head.size : 100
  const call = { ...callOf('plain', undefined, head.headers), contentLength }
  return planSubmit(config, call, { endpoint, principal }, operation)
}

function codeOf(head: Head): string | undefined {
  try {
    plan(head)
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

const parses = (text: string, head: Head = {}) => plan(head).parse(new TextEncoder().encode(text))

describe('the plan of a submit', () => {
  test('leaves room for the s3Config that a request certainly gets', () => {
    const granted: EndpointConfig = { ...keyed, s3Config: 'always' }
    expect(plan({ endpoint: granted, size: 10 * mib - 1024 }).lift).toBe(false)
    expect(plan({ endpoint: granted, size: 10 * mib - 1023 }).lift).toBe(true)
    expect(plan({ principal: byKey, size: 10 * mib }).lift).toBe(true)
  })

  test.each([
    ...(['sts', 'web-identity', 'r2', 'b2'] as const).map((access) => [access, 12_288] as const),
    ['job-bucket', 1024] as const,
  ])('leaves keys of access %s room for what they need: %i bytes', (access, added) => {
    const granted: EndpointConfig = { ...keyed, access, s3Config: 'always' }
    expect(plan({ endpoint: granted, size: 10 * mib - added }).lift).toBe(false)
    expect(plan({ endpoint: granted, size: 10 * mib - added + 1 }).lift).toBe(true)
    expect(plan({ endpoint: { ...granted, s3Config: 'staged' }, size: 10 * mib }).lift).toBe(false)
  })

  test.each([
    [
      { endpoint: keyed, size: 100 },
      { whole: true, lift: false },
    ],
    [
      { endpoint: keyed, size: 64 * kib },
      { whole: true, lift: false },
    ],
    [
      { endpoint: keyed, size: 64 * kib + 1 },
      { whole: false, lift: false },
    ],
    [
      { endpoint: keyed, size: 10 * mib },
      { whole: false, lift: false },
    ],
    [
      { endpoint: keyed, size: 10 * mib + 1 },
      { whole: false, lift: true },
    ],
    [
      { endpoint: keyed, size: undefined },
      { whole: false, lift: true },
    ],
    [
      { endpoint: always, size: 100 },
      { whole: true, lift: true },
    ],
    [
      { endpoint: always, size: mib },
      { whole: false, lift: true },
    ],
    [
      { endpoint: bare, size: 100 },
      { whole: true, lift: false },
    ],
    [
      { endpoint: bare, size: undefined },
      { whole: false, lift: false },
    ],
    [
      { endpoint: bare, size: 10 * mib },
      { whole: false, lift: false },
    ],
  ])('of %j is %j', (head, expected) => {
    expect(plan(head)).toMatchObject(expected)
  })

  test('has the limit of its operation', () => {
    expect(plan({ operation: 'run' }).maxBytes).toBe(10 * mib)
    expect(plan({ operation: 'runsync' }).maxBytes).toBe(20 * mib)
    expect(plan({ operation: 'runsync', size: 15 * mib }).lift).toBe(false)
  })

  test('is a 413 that says how to declare, where the endpoint declares nothing', () => {
    try {
      plan({ endpoint: bare, size: 10 * mib + 1 })
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({
        code: 'body_too_large',
        facts: { limitName: 'runMaxBytes', limit: 10 * mib, actual: 10 * mib + 1 },
      })
      expect(String(error)).toContain('"as"')
    }
    expect(codeOf({ endpoint: bare, size: 20 * mib + 1, operation: 'runsync' })).toBe(
      'body_too_large',
    )
  })

  test.each([
    ['gzip', 'content_encoding'],
    ['GZIP', 'content_encoding'],
    ['identity, br', 'content_encoding'],
    ['identity', undefined],
    [' Identity ', undefined],
  ])('with Content-Encoding %j is %s', (coding, code) => {
    expect(codeOf({ headers: { 'content-encoding': coding } })).toBe(code)
  })

  test.each([
    ['', 'json'],
    ['application/json', 'json'],
    ['Application/JSON; charset=utf-8', 'json'],
    ['application/vnd.x+json', 'json'],
    ['application/x-www-form-urlencoded', 'json'],
    ['text/plain;charset=UTF-8', 'json'],
    ['multipart/form-data; boundary=x', 'form'],
    ['application/octet-stream', 'raw'],
    ['image/png', 'raw'],
  ])('with Content-Type %j takes the body as %s', (type, kind) => {
    expect(plan({ headers: { 'content-type': type } }).kind).toBe(kind)
    const code = kind === 'json' ? undefined : 'unsupported_media_type'
    expect(codeOf({ endpoint: bare, headers: { 'content-type': type } })).toBe(code)
  })

  test('takes nothing whole that may be a file, and no body without a media type', () => {
    expect(plan({ headers: { 'content-type': 'image/png' } }).whole).toBe(false)
    expect(codeOf({ headers: { 'content-type': 'png' } })).toBe('unsupported_media_type')
  })
})

describe('a small body', () => {
  test.each([
    '{"input":{"file":"bulkway:abc"}}',
    '{"webhook":"https://x"}',
    '{"s3Config":{}}',
    '{"s3_config":{}}',
    '{"input":{"outputS3Config":{}}}',
    '{"\\u0077ebhook":"https://x"}',
    '{"s3\\u0043onfig":{}}',
    '{"input":"b\\u0075lkway:abc"}',
    `{"${[...'webhook'].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')}":1}`,
  ])('is looked into when it says %s', (text) => {
    expect(parses(text)).toBe(true)
  })

  test.each(['{"input":{}}', '{"input":{"a":"line\\n\\/"}}', 'no json', ''])(
    'is not looked into when it says %j',
    (text) => {
      expect(parses(text)).toBe(false)
    },
  )

  test('is looked into in keys mode, with s3Config always, with a forcing rule, with strings to stage', () => {
    const text = '{"input":{}}'
    expect(parses(text, { principal: byKey })).toBe(true)
    expect(parses(text, { endpoint: { ...bare, s3Config: 'always' } })).toBe(true)
    const rule = { pointer: '/input/a', encoding: 'base64' } as const
    expect(parses(text, { endpoint: { ...keyed, rules: [{ ...rule, stage: true }] } })).toBe(true)
    expect(parses(text, { endpoint: { ...keyed, rules: [{ ...rule, stage: false }] } })).toBe(false)
    expect(parses(text, { endpoint: { ...always, stageMinBytes: 50 } })).toBe(true)
    expect(parses(text, { endpoint: { ...always, stageMinBytes: 100 } })).toBe(false)
  })
})
