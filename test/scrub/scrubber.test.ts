import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/log.ts'
import { binary, formsOf } from '../../src/scrub/forms.ts'
import {
  compileSecrets,
  type LinkHit,
  Scrubber,
  type ScrubberOptions,
} from '../../src/scrub/scrubber.ts'

const secretTexts = {
  accessSecret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY=EXAMPLE&KEY',
  accessId: 'BW1K5QWY3DPEHPK3PXP0A',
  webhook: 'https://gw.example/webhooks/k1.q83Jd-_x0qLmZ8vR2nT4',
  short: 'p@ss/w0rd',
  odd: 'quo"te\\back/ünï😀<code>',
}
const secrets = compileSecrets(
  Object.entries(secretTexts).map(([kind, text]) => ({ kind, value: new Secret(text) })),
)
const base: ScrubberOptions = {
  secrets,
  bases: ['https://gw.example/s3', 'http://127.0.0.1:8787/s3'],
  signedHosts: ['gw.example', '127.0.0.1:8787', 'store.example:9000'],
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function toText(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += String.fromCharCode(byte)
  return out
}

/** Scrubs a binary string; a link becomes `«link»`, or stays, masked, without `links`. */
function scrub(text: string, cuts: readonly number[], links = true, options = base): string {
  const scrubber = new Scrubber(options)
  let out = ''
  let from = 0
  function take(outputs: ReturnType<Scrubber['write']>) {
    for (const one of outputs) {
      if (!(one instanceof Uint8Array)) out += links ? `«${one.link}»` : toText(one.kept)
      else {
        expect(one.length).toBeGreaterThan(0)
        out += toText(one)
      }
    }
  }
  for (const to of [...cuts, text.length]) {
    const chunk = toBytes(text.slice(from, to))
    take(scrubber.write(chunk))
    chunk.fill(0x23)
    from = to
  }
  take(scrubber.end())
  return out
}

function everyWay(text: string, links = true): string {
  const whole = scrub(text, [], links)
  for (let cut = 0; cut <= text.length; cut++) expect(scrub(text, [cut], links)).toBe(whole)
  const each = Array.from(text, (_, i) => i)
  expect(scrub(text, each, links)).toBe(whole)
  return whole
}

function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('Scrubber', () => {
  it('removes secrets in every form and chunking, and nothing else', () => {
    const next = random(7)
    const planted = Object.values(secretTexts).flatMap(formsOf)
    const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789 {}",:\\/+=%'
    for (let round = 0; round < 10_000; round++) {
      let text = ''
      let expected = ''
      for (let part = next(3); part >= 0; part--) {
        for (let n = next(60); n > 0; n--) {
          const character = alphabet.charAt(next(alphabet.length))
          text += character
          expected += character
        }
        const form = planted[next(planted.length)]?.bytes ?? ''
        text += form
        expected += '*'.repeat(form.length)
      }
      const cuts: number[] = []
      for (let at = next(40); at < text.length; at += 1 + next(40)) cuts.push(at)
      expect(scrub(text, cuts)).toBe(expected)
    }
  })

  it('does the same however far a chunk goes on beyond what is cut', () => {
    const link = 'https://gw.example/s3/job_files/out/a.png?X-Amz-Signature=0123abcd'
    const { accessSecret, webhook, odd } = secretTexts
    const parts = [
      accessSecret,
      link,
      webhook,
      binary(JSON.stringify(odd)),
      btoa(`..${accessSecret}`),
    ]
    const core = `"${parts.join('","')}"`
    const masked = scrub(core, [])
    const { maxLength } = secrets.with(base)
    for (const beyond of [0, 40, maxLength - 1, maxLength, 4 * maxLength]) {
      const text = core + ' '.repeat(beyond)
      for (let cut = 0; cut <= core.length; cut++) {
        expect(scrub(text, [cut])).toBe(masked + ' '.repeat(beyond))
      }
    }
  })

  it('does not delay what cannot be part of a secret', () => {
    const scrubber = new Scrubber(base)
    const event = 'data: {"text":"hello"}\n\n'
    expect(
      scrubber.write(toBytes(event)).map((one) => one instanceof Uint8Array && toText(one)),
    ).toEqual([event])
    expect(
      scrubber
        .write(toBytes('data: BW1K5QWY'))
        .map((one) => one instanceof Uint8Array && toText(one)),
    ).toEqual(['data: '])
    expect(
      scrubber.write(toBytes('!\n\n')).map((one) => one instanceof Uint8Array && toText(one)),
    ).toEqual(['BW1K5QWY!\n\n'])
  })

  it('tells of each secret once, however it is cut', () => {
    const text = `a ${secretTexts.accessId} b ${btoa(secretTexts.accessId)} c`
    for (const cuts of [[], Array.from(text, (_, i) => i), [10], [24, 30]]) {
      const told: string[] = []
      scrub(text, cuts, true, { ...base, onRemoved: (kind, form) => told.push(`${kind} ${form}`) })
      expect(told).toEqual(['accessId raw', 'accessId base64'])
    }
  })

  it('ignores literals under eight bytes, and says so', () => {
    const compiled = compileSecrets([{ kind: 'pin', value: new Secret('1234567') }])
    expect(compiled.ignored).toEqual(['pin'])
    expect(scrub('pin 1234567', [], true, { ...base, secrets: compiled })).toBe('pin 1234567')
  })

  it('gives out links apart, plain and escaped, and ends them where a URL ends', () => {
    const query = 'X-Amz-Credential=BW1K5QWY3DPEHPK3PXP0A%2F20261121&X-Amz-Signature=0123abcd'
    const link = `https://gw.example/s3/job_files/out/a.png?${query}`
    expect(everyWay(`"${link}", (${link}) <${link}>, see ${link}.`)).toBe(
      `"«${link}»", («${link}») <«${link}»>, see «${link}».`,
    )
    const escaped = link.replaceAll('/', '\\/').replaceAll('&', '\\u0026')
    const twice = JSON.stringify(escaped).slice(1, -1)
    expect(everyWay(`{"a":"${escaped}\\n","b":"{\\"c\\":\\"${twice}\\"}"}`)).toBe(
      `{"a":"«${link}»\\n","b":"{\\"c\\":\\"«${link}»\\"}"}`,
    )
    expect(everyWay('x http://127.0.0.1:8787/s3 y')).toBe('x «http://127.0.0.1:8787/s3» y')
  })

  it('masks the traceback of a traceback', () => {
    const url = 'https:\\\\/\\\\/gw.example\\\\/s3\\\\/b\\\\/k?X-Amz-Signature=0a1b2c&X=1'
    const text = `{"error":"{\\"error_message\\":\\"GET ${url} failed\\"}"}`
    expect(everyWay(text)).toBe(
      '{"error":"{\\"error_message\\":\\"GET «https://gw.example/s3/b/k?X-Amz-Signature=0a1b2c&X=1» failed\\"}"}',
    )
    expect(everyWay(text, false)).toBe(text.replace('0a1b2c', '******'))
  })

  it('escapes what replaces a link like the original', () => {
    const scrubber = new Scrubber(base)
    const outputs = scrubber.write(toBytes('"https:\\/\\/gw.example\\/s3\\/a?b=1\\u0026c=2" '))
    const [link] = outputs.filter((one): one is LinkHit => !(one instanceof Uint8Array))
    expect(link?.link).toBe('https://gw.example/s3/a?b=1&c=2')
    expect(toText(link?.replacedBy('https://x/y?z=1&w=2') ?? new Uint8Array(0))).toBe(
      'https:\\/\\/x\\/y?z=1\\u0026w=2',
    )
  })

  it.each([
    'https://store.example:9000/b/k?X-Amz-Signature=S&x=1',
    'http://store.example:9000/b/k?x=1&x-amz-security-token=S&y=2',
    'https://store.example:9000/b/k?AWSAccessKeyId=A&Signature=S&Expires=1',
    'https://store.example:9000/b/k?Signature=S&amp;Expires=1',
    'https:\\/\\/store.example:9000\\/b?a=1\\u0026X-Amz-Signature=S\\u0026b=2',
    'https%3A%2F%2Fstore.example%3A9000%2Fb%3FX-Amz-Signature%3DS%26b%3D2',
    'https%3a%2f%2fstore.example%3a9000%2fb%3fSignature%3dS%26b%3d2',
    'https%253A%252F%252Fstore.example%253A9000%252Fb%253FSignature%253DS%2526b%253D2',
    'https://gw.example/s3x?X-Amz-Signature=S',
    'https://store.example:9000/b/k?X-Goog-Algorithm=GOOG4&X-Goog-Signature=S',
    'https://store.example:9000/b/k?sv=2022-11-02&sr=b&sig=S',
    'https://store.example:9000/b/k?Expires=1&OSSAccessKeyId=A&security-token=S',
    'https://store.example:9000/b/k?x-oss-security-token=S',
    'https://store.example:9000/b/k?q-ak=A&q-signature=S',
    'https://store.example:9000/b/k?x-cos-security-token=S&a=1',
    'https://store.example:9000/b/k?X-Tos-Signature=S',
    'https:\\/\\/store.example:9000\\/k?a=1\\u0026sig=S',
  ])('masks the signature in %s', (url) => {
    const value = '0123456789abcdefABCDEF'
    const text = `{"u":"${url.replace('=S', `=${value}`).replace('%3DS', `%3D${value}`).replace('%3dS', `%3d${value}`).replace('%253DS', `%253D${value}`)}","n":"Signature=kept"}`
    expect(everyWay(text)).toBe(text.replace(value, '*'.repeat(value.length)))
  })

  it.each([
    'https://other.example/b/k?X-Amz-Signature=0123abcd&Signature=x',
    'https://store.example/b/k?X-Amz-Signature=0123abcd',
    'https://store.example:90001/b/k?X-Amz-Signature=0123abcd',
    'https://gw.example.evil/s3/k?X-Amz-Signature=0123abcd',
    'https://store.example:9000/b/k, then X-Amz-Signature=0123abcd',
    'https://gw.example',
    'https://gw.exa',
  ])('leaves the URLs of others alone: %s', (url) => {
    expect(everyWay(`see ${url}`)).toBe(`see ${url}`)
  })

  it('masks in URLs longer than the limit too, and takes them for no links', () => {
    for (const host of ['https://store.example:9000/b', 'https://gw.example/s3']) {
      const token = 'Ab1%2F'.repeat(3000)
      const head = `${host}?p=${'x'.repeat(5000)}&X-Amz-Security-Token=`
      const tail = `&X-Amz-Signature=0123abcd&z=${'y'.repeat(9000)}&Signature=abc `
      const masked = `&X-Amz-Signature=********&z=${'y'.repeat(9000)}&Signature=*** `
      for (const size of [100_000, 1000, 77]) {
        const text = `"${head}${token}${tail}`
        const cuts = Array.from({ length: Math.floor(text.length / size) }, (_, i) => i * size)
        expect(scrub(text, cuts) === `"${head}${'*'.repeat(token.length)}${masked}`).toBe(true)
      }
    }
  })
})

describe('A host with any name before it', () => {
  const options: ScrubberOptions = {
    ...base,
    bases: [...base.bases, 's3://job_files'],
    below: ['https://s3.gw.example', 'https://s3.gw.example:8443/base'],
  }
  const one = (text: string, links = true) => {
    const whole = scrub(text, [], links, options)
    for (let cut = 0; cut <= text.length; cut++) {
      expect(scrub(text, [cut], links, options), `${cut}`).toBe(whole)
    }
    const each = Array.from(text, (_, i) => i)
    expect(scrub(text, each, links, options)).toBe(whole)
    return whole
  }

  it('is found from the scheme on, in every chunking and escaped for JSON', () => {
    const url = 'https://job_files.s3.gw.example/out/a.png?X-Amz-Signature=abc'
    expect(one(`{"a":"${url}","b":1}`)).toBe(`{"a":"«${url}»","b":1}`)
    expect(one(`see ${url}, or not`)).toBe(`see «${url}», or not`)
    const escaped = url.replaceAll('/', '\\/')
    expect(one(`"${escaped}"`)).toBe(`"«${url}»"`)
    expect(one(`"\\"${escaped.replaceAll('\\', '\\\\')}\\""`)).toBe(`"\\"«${url}»\\""`)
    const based = 'https://11-26.s3.gw.example:8443/base/k'
    expect(one(`"${based}"`)).toBe(`"«${based}»"`)
    expect(one('s3://job_files/out/a.png')).toBe('«s3://job_files/out/a.png»')
  })

  it('loses its signatures, URL-encoded too, where it is not replaced', () => {
    const url = 'https://b.s3.gw.example/k?X-Amz-Signature=abc'
    expect(one(`"${url}"`, false)).toBe(`"${url.replace('abc', '***')}"`)
    const coded = encodeURIComponent(url)
    expect(one(`x?u=${coded}&y`)).toBe(`x?u=${coded.replace('abc', '***')}&y`)
    const plain = url.replace('https', 'http')
    expect(one(plain)).toBe(plain.replace('abc', '***'))
  })

  it('is no host of ours when it is another one', () => {
    for (const text of [
      'https://b.s3.gw.example.evil/k?X-Amz-Signature=abc',
      'https://evil.example/?u=b.s3.gw.example/k',
      'https://evil@b.s3.gw.example/k',
      'ftp://b.s3.gw.example/k',
      'b.s3.gw.example',
      'https:/b.s3.gw.example/k',
      `https://${'b'.repeat(70)}.s3.gw.example/k`,
      's3://job_files2/k',
      's3://job_file/k',
      'hhhtthttphttps:https:/https://',
      `${'h'.repeat(300)} htt`,
    ]) {
      expect(one(text)).toBe(text)
    }
  })

  it('delays nothing that cannot be its beginning', () => {
    const scrubber = new Scrubber(options)
    const out = (text: string) =>
      scrubber
        .write(toBytes(text))
        .map((piece) => (piece instanceof Uint8Array ? toText(piece) : ''))
    expect(out('data: {"text":"the"}\n\n')).toEqual(['data: {"text":"the"}\n\n'])
    expect(out('x https://b.')).toEqual(['x '])
    expect(out('c is not it ')).toEqual(['https://b.c is not it '])
  })
})

describe('A JSON string that begins with a link', () => {
  const options: ScrubberOptions = { ...base, wholeStrings: true }
  const url = 'https://gw.example/s3/b'

  function show(outputs: readonly (Uint8Array | LinkHit)[]): string {
    const text = (piece: Uint8Array | LinkHit) =>
      piece instanceof Uint8Array
        ? toText(piece)
        : piece.parts === undefined
          ? `«${piece.link}»`
          : `[${piece.link}|${show(piece.parts)}]`
    return outputs.map(text).join('')
  }
  function run(text: string, cuts: readonly number[]): string {
    const scrubber = new Scrubber(options)
    let out = ''
    let from = 0
    for (const to of [...cuts, text.length]) {
      const chunk = toBytes(text.slice(from, to))
      out += show(scrubber.write(chunk))
      chunk.fill(0x23)
      from = to
    }
    return out + show(scrubber.end())
  }
  function one(text: string): string {
    const whole = run(text, [])
    for (let cut = 0; cut <= text.length; cut++) expect(run(text, [cut]), `${cut}`).toBe(whole)
    expect(
      run(
        text,
        Array.from(text, (_, i) => i),
      ),
    ).toBe(whole)
    return whole
  }

  it('is offered whole where it goes on, and its parts with it', () => {
    expect(one(`{"u":"${url}/a b.png","v":1}`)).toBe(
      `{"u":"[${url}/a b.png|«${url}/a» b.png]","v":1}`,
    )
    expect(one(`["${url}/a (1).png"]`)).toBe(`["[${url}/a (1).png|«${url}/a» (1).png]"]`)
    expect(one(`["${url}/a and ${url}/c now"]`)).toBe(
      `["[${url}/a and ${url}/c now|«${url}/a» and «${url}/c» now]"]`,
    )
    const secret = secretTexts.accessId
    expect(one(`["${url}/a ${secret} b"]`)).toBe(
      `["[${url}/a ${secret} b|«${url}/a» ${'*'.repeat(secret.length)} b]"]`,
    )
  })

  it('is read as its reader would, nested up to three deep', () => {
    for (let depth = 1, value = `${url}/a "b"é.png`; depth <= 3; depth++) {
      value = JSON.stringify(depth === 1 ? value : { value })
      const out = run(binary(value), [])
      expect(out, value).toContain(`[${url}/a "b"é.png|«${url}/a» `)
      expect(out.match(/\[/g)).toHaveLength(1)
    }
  })

  it('and hosts below one change no byte that is not replaced, however the text is cut', () => {
    const next = random(11)
    const both: ScrubberOptions = { ...options, below: ['https://s3.gw.example'] }
    const words = [
      ...[
        '"',
        '\\"',
        '\\\\\\"',
        '\\',
        ' ',
        '.',
        '/',
        '\\/',
        '\\u002f',
        'h',
        'ht',
        '\n',
        '{',
        ':',
        '%',
        '?',
        '#',
      ],
      ...[
        'https:',
        'https://',
        'https:\\/\\/',
        'b',
        'job_files',
        '.s3.gw.example',
        'gw.example',
        '/s3/b/',
      ],
      ...[
        'https://gw.example/s3',
        'https://b.s3.gw.example/k',
        url,
        '\u00c3\u00a9',
        '&',
        'a b',
        's3',
      ],
    ]
    const flat = (outputs: readonly (Uint8Array | LinkHit)[]): string =>
      outputs
        .map((one) =>
          one instanceof Uint8Array
            ? toText(one)
            : one.parts
              ? flat(one.parts)
              : toText(one.original),
        )
        .join('')
    for (let round = 0; round < 2000; round++) {
      let text = ''
      for (let n = 1 + next(14); n > 0; n--) text += words[next(words.length)]
      const runs = [[], [next(text.length + 1)], Array.from(text, (_, at) => at)].map((cuts) => {
        const scrubber = new Scrubber(both)
        let shown = ''
        let same = ''
        let from = 0
        const take = (outputs: readonly (Uint8Array | LinkHit)[]) => {
          shown += show(outputs)
          same += flat(outputs)
        }
        for (const to of [...cuts, text.length]) {
          take(scrubber.write(toBytes(text.slice(from, to))))
          from = to
        }
        take(scrubber.end())
        expect(same).toBe(text)
        return shown
      })
      expect(new Set(runs).size, text).toBe(1)
    }
  })

  it('is no whole where the URL is all of it, or it never ends', () => {
    for (const text of [
      `"${url}/a.png"`,
      `"\\"${url}/a.png\\""`,
      `x${url}/a b"`,
      `"x ${url}/a b"`,
      `"${url}/a b`,
      `"${url}/a\nb"`,
      `"${url}/a \\x"`,
    ]) {
      expect(one(text), text).not.toContain('[')
    }
    expect(run(`"${url}/a ${'b'.repeat(9000)}"`, [20, 5000, 8500])).not.toContain('[')
  })
})
