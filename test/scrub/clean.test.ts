import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/log.ts'
import type { Body, OutgoingBody, Platform } from '../../src/platform.ts'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { type CleanOptions, cleanBody, cleanText } from '../../src/scrub/clean.ts'
import { compileSecrets } from '../../src/scrub/scrubber.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

// Only the byte primitives of the platform are used by what is tested here.
function unused(): never {
  throw new Error('Cannot be needed here')
}
const platform: Platform = {
  name: 'node',
  bytes: createBytePrimitives(),
  send: unused,
  toStream: unused,
  now: unused,
  wait: unused,
  waitUntil: unused,
  sha256: unused,
  sha512: unused,
  sha1: unused,
  resolve: unused,
  holdBytes: 0,
  mayWaitForOthers: true,
}

const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY'
const options: CleanOptions = {
  secrets: compileSecrets([{ kind: 'accessSecret', value: new Secret(secret) }]),
  signedHosts: ['gw.example'],
  json: true,
}

/** A source of one reused buffer, which counts what was asked of it. */
function source(chunks: readonly string[]) {
  const buffer = new Uint8Array(100_000)
  const seen = { reads: 0, cancelled: undefined as unknown }
  const body: Body = {
    async read() {
      const text = chunks[seen.reads++]
      buffer.fill(0x23)
      if (text === undefined || seen.cancelled !== undefined) return undefined
      return buffer.subarray(0, encoder.encodeInto(text, buffer).written)
    },
    async cancel(reason) {
      seen.cancelled ??= reason ?? 'cancelled'
    },
    stream: unused,
  }
  return { body, seen }
}

async function collect(body: OutgoingBody): Promise<string[]> {
  const out: string[] = []
  for (;;) {
    const chunk = await body.read()
    if (chunk === undefined) return out
    expect(chunk.length).toBeGreaterThan(0)
    out.push(decoder.decode(chunk))
  }
}

async function cleaned(text: string, size: number, more: Partial<CleanOptions> = {}) {
  const chunks: string[] = []
  for (let at = 0; at < text.length; at += size) chunks.push(text.slice(at, at + size))
  const parts = await collect(cleanBody(platform, source(chunks).body, { ...options, ...more }))
  return parts.join('')
}

describe('cleanBody', () => {
  it('drops s3Config, masks literals and replaces links, however it is cut', async () => {
    const text = `{"id":"j-1","output":{"s3Config":{"accessSecret":"x"},"e":"${secret}","u":"https:\\/\\/gw.example\\/s3\\/out.png?X-Amz-Signature=ab1","v":"https://gw.example/s3/no?X-Amz-Signature=ab2"},"status":"COMPLETED"}\n`
    const expected = `{"id":"j-1","output":{"e":"${'*'.repeat(secret.length)}","u":"https:\\/\\/gw.example\\/files\\/out","v":"https://gw.example/s3/no?X-Amz-Signature=***"},"status":"COMPLETED"}\n`
    const told: string[] = []
    const links = {
      bases: ['https://gw.example/s3'],
      rewrite: async (url: string) =>
        url.includes('out.png') ? 'https://gw.example/files/out' : undefined,
    }
    for (let size = 1; size <= text.length; size++) {
      const facts: unknown[] = []
      const more: Partial<CleanOptions> = {
        links,
        onId: async (id) => void facts.push(id),
        onEnd: async (all) => void facts.push(all),
        onRemoved: (kind, form) => void (size === 1 && told.push(`${kind} ${form}`)),
      }
      expect(await cleaned(text, size, more)).toBe(expected)
      const all = { id: 'j-1', status: 'COMPLETED', hasOutput: true, hasError: false }
      expect(facts).toEqual(['j-1', all])
    }
    expect(told).toEqual(['s3Config member', 'accessSecret raw', 'link link'])
  })

  it('returns the clean bytes of a chunk before it reads the next', async () => {
    const events = ['data: {"a":1}\n\n', 'data: {"b":2}\n\n', `data: ${secret}\n\n`]
    const { body, seen } = source(events)
    const clean = cleanBody(platform, body, { ...options, json: false })
    for (let i = 0; i < events.length; i++) {
      const chunk = await clean.read()
      expect(decoder.decode(chunk)).toBe(events[i]?.replace(secret, '*'.repeat(secret.length)))
      expect(seen.reads).toBe(i + 1)
    }
    expect(await clean.read()).toBeUndefined()
    expect(await clean.read()).toBeUndefined()
  })

  it('lets nothing go before the id is taken note of, and fails the first read when it cannot be', async () => {
    const { body, seen } = source(['{"status":"IN_QUEUE",', '"x":"y","i', 'd":"j-1"}'])
    const clean = cleanBody(platform, body, {
      ...options,
      onId: async (id) => {
        throw new Error(`no ${id}`)
      },
    })
    await expect(clean.read()).rejects.toThrow('no j-1')
    await expect(clean.read()).rejects.toThrow('no j-1')
    expect(String(seen.cancelled)).toContain('no j-1')
  })

  it('holds at most 64 KiB for the id, and still tells it before what follows', async () => {
    const filler = 'x'.repeat(40_000)
    const { body, seen } = source([`{"a":"${filler}`, filler, filler, '","id":"j-1"', ',"b":1}'])
    let told = false
    const clean = cleanBody(platform, body, {
      ...options,
      onId: async () => {
        told = true
      },
    })
    let text = decoder.decode(await clean.read())
    expect(seen.reads).toBe(2)
    for (let chunk = await clean.read(); chunk !== undefined; chunk = await clean.read()) {
      text += decoder.decode(chunk)
      expect(told).toBe(text.includes('"id"'))
    }
    expect(text).toBe(`{"a":"${filler}${filler}${filler}","id":"j-1","b":1}`)
  })

  it('lets a body without an id pass', async () => {
    const onId = async () => unused()
    expect(await cleaned('{"detail":"not found"}', 3, { onId })).toBe('{"detail":"not found"}')
    expect(await cleaned('<html>502</html>', 3, { onId })).toBe('<html>502</html>')
    expect(await cleaned('', 1, { onId })).toBe('')
  })

  it('keeps the last byte until the end is taken note of', async () => {
    const { body, seen } = source(['{"id":"j-1","status":"COMPLE', 'TED"', '}', ' \n'])
    let before = ''
    const clean = cleanBody(platform, body, {
      ...options,
      onEnd: async (facts) => {
        const all = { id: 'j-1', status: 'COMPLETED', hasOutput: false, hasError: false }
        expect(facts).toEqual(all)
        throw new Error('not settled')
      },
    })
    const reading = (async () => {
      for (;;) {
        const chunk = await clean.read()
        if (chunk === undefined) return
        before += decoder.decode(chunk)
      }
    })()
    await expect(reading).rejects.toThrow('not settled')
    expect(before).toBe('{"id":"j-1","status":"COMPLETED"')
    expect(seen.cancelled).toBeDefined()
  })

  it('gives a chunk in one piece where it cannot hold the end', async () => {
    const chunks = ['{"a":[', '1,2', ',3]', '} ', '\n', '{"b":4}']
    const pieces: string[] = []
    const clean = cleanBody(platform, source(chunks).body, { ...options, onEnd: async () => {} })
    for (let chunk = await clean.read(); chunk !== undefined; chunk = await clean.read()) {
      pieces.push(decoder.decode(chunk))
    }
    expect(pieces).toEqual(['{"a":[', '1,2', ',3]', '} \n', '{"b":4', '}'])
  })

  it.each([
    ['{"id":"j"}', '{"id":"j","error":"e"}'],
    ['{"id":"j" }\n\n', '{"id":"j" ,"error":"e"}\n\n'],
    ['{ }', '{ "error":"e"}'],
    ['{"input":{"a":[1]}}', '{"error":"e"}'],
    ['{"a":{"input":1},"input":"}","webhook":null}', '{"a":{"input":1},"error":"e"}'],
    ['[{"input":1}]', '[{"input":1}]'],
    ['{"a":1}\n{"b":2}', '{"a":1}\n{"b":2}'],
    ['{"a":1', '{"a":1'],
    ['{"a":1]}', '{"a":1]}'],
    ['<p>{}', '<p>{}'],
    ['', ''],
  ])('puts members at the end of an object and leaves others out: %s', async (text, expected) => {
    const more: Partial<CleanOptions> = {
      dropMembers: ['input', 'webhook'],
      onEnd: async () => '"error":"e"',
    }
    for (let size = 1; size <= text.length + 1; size++) {
      expect(await cleaned(text, size, more)).toBe(expected)
    }
  })

  it('cancels the source, and tells of no end then', async () => {
    const { body, seen } = source(['[1,', '2,', '3]'])
    const clean = cleanBody(platform, body, { ...options, onEnd: async () => unused() })
    await clean.read()
    await clean.cancel('gone')
    await clean.cancel('gone')
    expect(seen.cancelled).toBe('gone')
    expect(await clean.read()).toBeUndefined()
    expect(seen.reads).toBeLessThan(4)
  })

  it('fails when the source fails', async () => {
    const { body } = source([])
    const broken = { ...body, read: async () => Promise.reject(new Error('reset')) }
    const clean = cleanBody(platform, broken, options)
    await expect(clean.read()).rejects.toThrow('reset')
  })
})

describe('cleanText', () => {
  it('cleans header values and error texts, and keeps their other characters', async () => {
    const links = {
      bases: ['https://gw.example/s3'],
      rewrite: async (url: string) => url.replace('/s3/', '/files/'),
    }
    expect(await cleanText(`é ${secret} https://gw.example/s3/a`, { ...options, links })).toBe(
      `é ${'*'.repeat(secret.length)} https://gw.example/files/a`,
    )
    expect(await cleanText('https://gw.example/x?X-Amz-Signature=abc', options)).toBe(
      'https://gw.example/x?X-Amz-Signature=***',
    )
    expect(await cleanText('', options)).toBe('')
  })
})
