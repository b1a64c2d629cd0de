import { Secret } from '../../../src/log.ts'
import { formsOf } from '../../../src/scrub/forms.ts'
import { compileSecrets, Scrubber, type ScrubberOptions } from '../../../src/scrub/scrubber.ts'
import { Choices, cut } from '../choices.ts'
import { mask } from '../reference/mask.ts'
import { SPELLERS } from '../reference/spellings.ts'
import { agree, Disagreement, latin1, seed, type Target } from '../target.ts'

const SECRETS = [
  'wJalrXUtnFEMI/K7MDENG+bPxRfiCY=EXAMPLE&KEY',
  'https://hooks.example/T01/B02?token=q83Jd-_x0qLmZ8vR2nT4',
  'qu"o\\te/ünï 😀<code>',
  'aaaaaaaa',
] as const
const secrets = compileSecrets(
  SECRETS.map((text, at) => ({ kind: `secret ${at}`, value: new Secret(text) })),
)
const patterns = SECRETS.flatMap((text) => formsOf(text).map(({ bytes }) => bytes))
const plain: ScrubberOptions = { secrets, bases: [], signedHosts: [] }
const linked: ScrubberOptions = {
  secrets,
  bases: ['https://gw.example/s3'],
  signedHosts: ['gw.example', 'store.example:9000'],
  shapes: ['aws-error', 'aws-secret', 'runpod-key', 'gateway-key', 'presigned-url', 'github-token'],
}

function check(input: Uint8Array): void {
  const choices = new Choices(input)
  const cuts = choices.byte()
  const options = choices.of([plain, linked])
  const { text, cores } = plant(choices.rest())
  const once = scrub(text, options, 0)
  agree('another result when cut', once, scrub(text, options, cuts))
  agree('another length', text.length, once.length)
  if (options === plain) agree('not what the forms say', mask(text, patterns), once)
  for (const { from, to, spelling } of cores) {
    const rest = once.slice(from, to).replaceAll('*', '')
    if (rest !== '') throw new Disagreement(`an escape in spelling ${spelling}`, '', rest)
  }
  const changed = Array.from(once).some((one, at) => one !== '*' && one !== text.charAt(at))
  if (changed) throw new Disagreement('a change that is no mask', text, once)
}

const PLANTED_MAX = 12

/** Plants a secret for a byte from 0xf0 on, in the spelling that the next byte chooses. */
function plant(input: Uint8Array) {
  const cores: { from: number; to: number; spelling: number }[] = []
  let text = ''
  for (let at = 0; at < input.length; at++) {
    const byte = input[at] ?? 0
    if (byte < 0xf0) {
      text += String.fromCharCode(byte)
      continue
    }
    at++
    if (cores.length === PLANTED_MAX) continue
    const spelling = (input[at] ?? 0) % SPELLERS.length
    const spelt = (SPELLERS[spelling] ?? SPELLERS[0])(SECRETS[byte % SECRETS.length] ?? SECRETS[0])
    cores.push({ from: text.length + spelt.from, to: text.length + spelt.to, spelling })
    text += spelt.text
  }
  return { text, cores }
}

function scrub(text: string, options: ScrubberOptions, cuts: number): string {
  const scrubber = new Scrubber(options)
  let out = ''
  const take = (outputs: ReturnType<Scrubber['write']>): void => {
    for (const one of outputs) out += latin1(one instanceof Uint8Array ? one : one.kept)
  }
  for (const chunk of cut(Uint8Array.from(Buffer.from(text, 'latin1')), cuts)) {
    take(scrubber.write(chunk))
    chunk.fill(0x23)
  }
  take(scrubber.end())
  return out
}

/** No escape and no collateral change: byte 1 chooses the cuts, byte 2 whether links are looked for. */
export const target: Target = {
  seeds: [
    seed([0, 0], '{"a":"\xf0\x00","b":"\xf1\x03"} \xf2\x04 \xf3\x00'),
    seed([1, 0], 'x\xf0\x0cy\xf0\x10z\xf0\x14 \xf1\x07 \xf2\x09'),
    seed(
      [3, 1],
      'https://gw.example/s3/key?X-Amz-Signature=abc&x=\xf0\x07 https:\\/\\/store.example:9000\\/k?signature=\xf0\x00',
    ),
    seed([5, 1], 'data: \xf0\x0a\n\naaaaaaaaaaaaaaaa\xf1\x00.'),
    seed([2, 1], '<CanonicalRequest>PUT\n/a&amp;b</CanonicalRequest>"SignatureProvided":"a\\"b"'),
    seed(
      [4, 1],
      'rpa_AAAAAAAAAABBBBBBBBBBCCCCCCCCCC aws_secret_access_key=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n',
    ),
  ],
  dictionary: [
    ...[
      '\xf0',
      '\xf1',
      '\xf2',
      '\xf3',
      'aaaaaaa',
      'YWFhYWFh',
      '61616161',
      'wJalrXUt',
      '\\',
      '\\\\',
    ],
    ...[
      'https://gw.example/s3',
      'https:\\/\\/gw.example\\/s3',
      'http://store.example:9000/',
      '.',
      '"',
    ],
    ...[
      '?X-Amz-Signature=',
      '&X-Amz-Security-Token=',
      '?signature=',
      '%26',
      '%3D',
      '\\u0026',
      '&amp;',
    ],
    ...['https%3A%2F%2Fgw.example', '*'],
    ...[
      '<SignatureProvided>',
      '\\u003cStringToSign\\u003e',
      '&lt;',
      '\\u003c',
      "'CanonicalRequest': '",
    ],
    ...[
      '"SecretAccessKey":"',
      'A/+B'.repeat(10),
      'rps_',
      'A1'.repeat(15),
      'bw_',
      'x-_Z'.repeat(10),
    ],
  ],
  check,
}
