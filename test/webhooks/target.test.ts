import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { judgeAddress } from '../../src/webhooks/public-address.ts'
import { checkTarget } from '../../src/webhooks/target.ts'

const publicV4 = '93.184.216.34'
const publicV6 = '2606:2800:220:1:248:1893:25c8:1946'
const resolving = (...addresses: string[]) => ({
  resolve: async () => addresses,
  allowLoopback: false,
})

async function refusalOf(url: string, options = resolving(publicV4)): Promise<GatewayError> {
  const error = await checkTarget(url, options).catch((caught: unknown) => caught)
  if (!(error instanceof GatewayError)) throw new Error(`It took ${url}`)
  return error
}

/** Spellings of places that no webhook may reach, whatever a resolver says. */
const attacks: readonly string[] = [
  'http://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://example.com/',
  'javascript:alert(1)',
  'data:text/plain,x',
  'not a url',
  '',
  '//example.com',
  'https://',
  'https://user@example.com/',
  'https://user:password@example.com/',
  'https://:password@example.com/',
  'https://example.com:0/',
  'https://example.com:22/',
  'https://example.com:25/',
  'https://example.com:80/',
  'https://example.com:6667/',
  'https://example.com:2049/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://127.0.0.1./',
  'https://0x7f.1/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://2130706433/',
  'https://１２７.０.０.１/',
  'https://①②⑦.⓪.⓪.①/',
  'https://127。0。0。1/',
  'https://%31%32%37.0.0.1/',
  'https://0/',
  'https://0.0.0.0/',
  'https://0.1.2.3/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://100.100.100.200/',
  'https://169.254.169.254/latest/meta-data/',
  'https://0xa9fea9fe/',
  'https://2852039166/',
  'https://168.63.129.16/',
  'https://192.0.0.192/',
  'https://192.0.2.1/',
  'https://192.88.99.1/',
  'https://198.18.0.1/',
  'https://198.51.100.1/',
  'https://203.0.113.1/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://[::]/',
  'https://[::1]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::127.0.0.1]/',
  'https://[::7f00:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::ffff:93.184.216.34]/',
  'https://[::ffff:0:127.0.0.1]/',
  'https://[64:ff9b::127.0.0.1]/',
  'https://[64:ff9b::a9fe:a9fe]/',
  'https://[64:ff9b:1::a9fe:a9fe]/',
  'https://[64:ff9b:1:ffff::1]/',
  'https://[2002:7f00:1::]/',
  'https://[2002:a9fe:a9fe::1]/',
  'https://[2001::80ff:fffe]/',
  'https://[2001:0:7f00:1::]/',
  'https://[2001:db8::1]/',
  'https://[3fff::1]/',
  'https://[100::1]/',
  'https://[5f00::1]/',
  'https://[fc00::1]/',
  'https://[fd00:ec2::254]/',
  'https://[fe80::1]/',
  'https://[fe80::1%25eth0]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://[4000::1]/',
  'https://localhost/',
  'https://localhost./',
  'https://LOCALHOST/',
  'https://ｌｏｃａｌｈｏｓｔ/',
  'https://a.localhost/',
  'https://a.localhost./',
  'https://redis/',
  'https://printer.local/',
  'https://metadata.google.internal/',
  'https://metadata.google.internal./',
  'https://nas.home.arpa/',
  'https://example.com@127.0.0.1/',
  'https://127.0.0.1\\@example.com/',
  'https://127.0.0.1#@example.com/',
  `https://example.com/${'x'.repeat(4096)}`,
]

describe('the guard of webhook targets', () => {
  it.each(attacks)('refuses %s', async (url) => {
    const error = await refusalOf(url)
    expect(error.code).toBe('webhook_refused')
    expect(error.detail).toBe('Use a public https URL as webhook')
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('takes a public https URL and gives the addresses to use', async () => {
    const target = await checkTarget(
      'https://hooks.example.com/a?b=c#d',
      resolving(publicV4, publicV6),
    )
    expect(target.url.href).toBe('https://hooks.example.com/a?b=c')
    expect(target.addresses).toEqual([publicV4, publicV6])
  })

  it('takes public literals and sane ports', async () => {
    for (const url of [
      `https://${publicV4}/`,
      `https://[${publicV6}]/`,
      'https://example.com:443/',
      'https://example.com:8443/',
      'https://example.com:65535/',
      'https://xn--bcher-kva.example/',
      'https://example.com./',
    ]) {
      await expect(checkTarget(url, resolving(publicV4))).resolves.toBeDefined()
    }
  })

  it('refuses a name of which one address is not public', async () => {
    for (const address of [
      '127.0.0.1',
      '10.1.2.3',
      '169.254.169.254',
      '::1',
      '::ffff:10.0.0.1',
      'fe80::1%eth0',
      'fd12::1',
      '0177.0.0.1',
      '2130706433',
      '0x7f.1',
      '127.1',
      'nonsense',
      '',
    ]) {
      await refusalOf('https://127.0.0.1.nip.io/', resolving(address))
      await refusalOf('https://mixed.example.com/', resolving(publicV4, address))
      await refusalOf('https://mixed.example.com/', resolving(address, publicV4))
    }
  })

  it('refuses a name without addresses, and tells only the log why', async () => {
    expect((await refusalOf('https://gone.example.com/', resolving())).code).toBe('webhook_refused')
    const options = {
      resolve: () => Promise.reject(new Error('ENOTFOUND')),
      allowLoopback: false,
    }
    const error = await refusalOf('https://gone.example.com/', options)
    expect(error.detail).not.toContain('gone')
  })

  it('resolves each time, so that a name that moved is seen', async () => {
    const answers = [[publicV4], ['127.0.0.1']]
    const options = { resolve: async () => answers.shift() ?? [], allowLoopback: false }
    await checkTarget('https://moves.example.com/', options)
    await refusalOf('https://moves.example.com/', options)
  })

  it('does not ask the resolver about literals and inner names', async () => {
    const options = {
      resolve: () => Promise.reject(new Error('It was asked')),
      allowLoopback: true,
    }
    await checkTarget(`https://${publicV4}/`, options)
    await refusalOf('https://redis/', options)
    await refusalOf('https://10.0.0.1/', options)
  })
})

describe('the guard in development', () => {
  const local = (...addresses: string[]) => ({ ...resolving(...addresses), allowLoopback: true })

  it('lets loopback through, by http and at any port', async () => {
    for (const url of ['http://127.0.0.1:80/', 'http://[::1]:9/', 'https://127.8.9.1:22/']) {
      await expect(checkTarget(url, local())).resolves.toBeDefined()
    }
    const target = await checkTarget('http://localhost:8790/', local('127.0.0.1', '::1'))
    expect(target.addresses).toEqual(['127.0.0.1', '::1'])
  })

  it('lets nothing else through that it would not otherwise', async () => {
    await refusalOf('http://example.com/', local(publicV4))
    await refusalOf('http://localhost/', local(publicV4))
    await refusalOf('https://example.com/', local(publicV4, '127.0.0.1'))
    await refusalOf('http://10.0.0.1/', local())
    await refusalOf('http://169.254.169.254/', local())
    await refusalOf('http://[::ffff:127.0.0.1]/', local())
    await refusalOf('http://0.0.0.0/', local())
    await refusalOf('http://127.0.0.1:0/', local())
    await refusalOf('http://user@127.0.0.1/', local())
  })
})

describe('an address', () => {
  it('is never public where it stands for an IPv4 address', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
    const prefixes = ['::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::', '2002:']
    fc.assert(
      fc.property(fc.constantFrom(...prefixes), group, group, (prefix, high, low) => {
        const text = `${prefix}${high}:${low}${prefix === '2002:' ? '::' : ''}`
        expect(judgeAddress(text).scope).not.toBe('public')
      }),
    )
  })

  it('is public only in global unicast space', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        if (judgeAddress(text).scope !== 'public') return
        expect(judgeAddress(text).canonical).toMatch(/^[23]/)
      }),
    )
  })
})
