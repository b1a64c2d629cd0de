import { Envelope } from '../../../src/scrub/envelope.ts'
import { bytes } from '../../json/splice.ts'
import { Choices, cut } from '../choices.ts'
import { dropMembers } from '../reference/drop-members.ts'
import { agree, latin1, seed, type Target } from '../target.ts'

const NAME_MAX = 31

function check(input: Uint8Array): void {
  const choices = new Choices(input)
  const cuts = choices.byte()
  const body = choices.rest()
  const whole = walk(body, 0)
  agree('another result when cut', whole, walk(body, cuts))
  const dropped = walk(body, 0, ['a', 'x', 'output'])
  agree('another result when cut and dropped', dropped, walk(body, cuts, ['a', 'x', 'output']))
  if (!isValid(body)) return
  JSON.parse(Buffer.from(dropped.text, 'latin1').toString())
  const expected = dropMembers(latin1(body), isS3Config)
  agree('other bytes', expected.text, whole.text)
  agree('another id or status', [expected.id, expected.status], [whole.id, whole.status])
}

function isS3Config(name: string): boolean {
  const letters = name.replaceAll('_', '').replaceAll('-', '').toLowerCase()
  return (
    name.length <= NAME_MAX &&
    name.toLowerCase().endsWith('g') &&
    ['s3config', 'outputs3config'].includes(letters)
  )
}

function walk(body: Uint8Array, cuts: number, members: readonly string[] = []) {
  const envelope = new Envelope(bytes, { dropMembers: members })
  let text = ''
  for (const chunk of cut(body, cuts)) {
    for (const piece of envelope.write(chunk)) text += latin1(piece)
    chunk.fill(0x23)
  }
  for (const piece of envelope.end()) text += latin1(piece)
  const { id, status, hasOutput, hasError, separator } = envelope
  return { text, id, status, hasOutput, hasError, separator }
}

/** Whether it is JSON that nests no deeper than the envelope looks. */
function isValid(body: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    return false
  }
  return latin1(body).replace(/[^[{]/g, '').length < 512
}

/** Differential where the input is JSON: byte 1 chooses the cuts, the rest is the body. */
export const target: Target = {
  seeds: [
    seed([0], '{"id":"a-1","status":"COMPLETED","output":{"s3Config":{"a":[1,{"b":"}"}]},"x":1}}'),
    seed([1], '{ "s3Config":{"a":null} , "x":1 ,\n "output_s3_config":{"a":"\\"}"}\n}'),
    seed([3], '[1,{"\\u00733Conf\\u0069g":{}},[{"a":0,"s3Config":{}}],"s",-2.5e3,true,{}]'),
    seed(
      [5],
      '{"st\\u0061tus":"FAILED","id":"\\ud83d\\ude00","delayTime":12,"S3-CONFIG":{"s3Config":{}}}',
    ),
  ],
  dictionary: [
    ...'{}[]",:\\ \n0',
    ...['"s3Config":{}', '"s3Config":{"a":1},', ',"outputS3Config":{"k":"v"}', '"s3_config_":{}'],
    ...[
      '"id":"',
      '"status":"x"',
      '"a":1',
      ',"b":',
      '\\u0073',
      '\\"',
      '\\\\',
      'null',
      '{"a":{"b":1}}',
    ],
    ...['x'.repeat(64), '\xef\xbb\xbf', '\xc3\xa9', '\\ud800', '[[[[', ']]]]', '  \n'],
  ],
  check,
}
