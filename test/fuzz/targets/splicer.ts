import { compileRules } from '../../../src/json/pointer.ts'
import { renderResidue } from '../../../src/json/render.ts'
import { type Spliced as Ours, splice, verdict } from '../../json/splice.ts'
import { Choices, cut, inflate } from '../choices.ts'
import { Refusal } from '../reference/refusal.ts'
import { type Rule, type Spliced, type SpliceOptions, spliceWhole } from '../reference/splice.ts'
import { agree, Disagreement, latin1, seed, type Target } from '../target.ts'

const RULES: readonly [readonly Rule[], ...(readonly Rule[])[]] = [
  [],
  [{ pointer: '/input/a', stage: true, encoding: 'base64', mediaType: 'image/png' }],
  [{ pointer: '/input/*/b', stage: false, encoding: 'base64' }],
  [
    { pointer: '/input/a', stage: true, encoding: 'text', mediaType: 'text/plain' },
    { pointer: '/*/a', encoding: 'text' },
    { pointer: '/input/0', encoding: 'base64', mediaType: 'audio/wav' },
  ],
  [
    { pointer: '/a~1b/~0', stage: true, encoding: 'base64' },
    { pointer: '', stage: true, encoding: 'text' },
    { pointer: '/input/é', stage: false, encoding: 'text' },
  ],
  [{ pointer: '/*', stage: true, encoding: 'base64' }],
]

const many = { payloadsMax: 1000, refsMax: 1000 }
const few = { payloadsMax: 2, refsMax: 2 }
/** The marker begins like base64, and goes on otherwise. */
const MAXIMA: readonly [Maxima, ...Maxima[]] = [
  { ...many, refMarker: undefined },
  { ...few, refMarker: undefined },
  { ...many, refMarker: 'ab:' },
  { ...few, refMarker: 'ab:' },
]

type Maxima = Pick<SpliceOptions, 'payloadsMax' | 'refsMax' | 'refMarker'>

function check(input: Uint8Array): void {
  const choices = new Choices(input)
  const cuts = choices.byte()
  const roomBytes = choices.of([48, 3, 6, 3000])
  const options: SpliceOptions = {
    rules: choices.of(RULES),
    stageMinBytes: choices.of([16, 1, 4, 5, 40, 1200]),
    lift: choices.of([true, true, true, false]),
    nesting: choices.of([512, 3]),
    keyBytes: choices.of([1024, 5]),
    ...choices.of(MAXIMA),
    watch: ['s3Config', 'é'],
    watchTop: ['webhook', 'policy'],
  }
  const body = inflate(choices.rest())
  const ours = run(body, options, cuts, roomBytes)
  agree('another verdict when cut', run(body, options, 0, 48).text, ours.text)
  const theirs = refer(body, options)
  if (theirs instanceof Refusal) {
    if (!theirs.codes.some((code) => ours.text.startsWith(code))) {
      throw new Disagreement('another verdict', theirs.message, ours.text)
    }
  } else if (ours.spliced === undefined) {
    throw new Disagreement('another verdict', 'accepted', ours.text)
  } else {
    agree('another result', shown(theirs), shownOurs(ours.spliced))
    const originals = theirs.payloads.map(({ original }) => Buffer.from(original).toString())
    const rendered = renderResidue(ours.spliced.residue, originals, [])
    agree('not the document when put back', latin1(body), latin1(rendered))
  }
  judgeByParser(body, theirs)
}

/** Keeps the reference honest: JSON.parse knows best what JSON is. */
function judgeByParser(body: Uint8Array, theirs: Spliced | Refusal): void {
  let valid = true
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    valid = false
  }
  const said = theirs instanceof Refusal ? theirs.codes : ['accepted']
  if (said.includes(valid ? 'invalid_json' : 'accepted') && said.length === 1) {
    throw new Disagreement('another verdict of JSON.parse', valid, said)
  }
}

function run(body: Uint8Array, options: SpliceOptions, cuts: number, roomBytes: number) {
  const { watch, watchTop, rules, refMarker, ...plain } = options
  let spliced: Ours | undefined
  const text = verdict(() => {
    spliced = splice(
      cut(body, cuts),
      {
        ...plain,
        ...(refMarker === undefined ? {} : { refMarker }),
        rules: compileRules(rules),
        watch: new Set(watch),
        watchTop: new Set(watchTop),
      },
      roomBytes,
    )
  })
  return { spliced, text: spliced === undefined ? text : JSON.stringify(shownOurs(spliced)) }
}

function refer(body: Uint8Array, options: SpliceOptions): Spliced | Refusal {
  try {
    return spliceWhole(body, options)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

function shown({ residue, payloads, members, refs, topLevel }: Spliced): unknown {
  return {
    residue: latin1(residue),
    payloads: payloads.map(
      ({ at, pointer, encoding, dataUri, rule, mediaType, content }, index) => [
        index,
        at,
        pointer,
        encoding,
        dataUri,
        rule,
        mediaType,
        latin1(content),
      ],
    ),
    members: members.map(({ name, pointer, depth, start, end, payload }) => [
      name,
      pointer,
      depth,
      start,
      end,
      payload,
    ]),
    refs: refs.map(({ text, pointer, rule, start, end }) => [text, pointer, rule, start, end]),
    topLevel,
  }
}

function shownOurs({ residue, payloads }: Ours): unknown {
  return {
    residue: latin1(residue.bytes),
    payloads: payloads.map(({ payload, content }, i) => {
      const { index, pointer, encoding, dataUri, rule, mediaType } = payload
      const at = residue.payloads[i]?.at
      return [index, at, pointer, encoding, dataUri, rule, mediaType, latin1(content)]
    }),
    members: residue.members.map(({ name, pointer, depth, start, end, payload }) => [
      name,
      pointer,
      depth,
      start,
      end,
      payload,
    ]),
    refs: residue.refs.map(({ text, pointer, rule, start, end }) => [
      text,
      pointer,
      rule,
      start,
      end,
    ]),
    topLevel: residue.topLevel,
  }
}

const base64 = 'Zm9vYmFyIGJhegBxdXV4IQ=='

/** Differential: bytes 1 to 8 choose cuts, room, rules, size, lifting, nesting, keys, maxima. */
export const target: Target = {
  seeds: [
    seed(
      [0, 0, 0, 0, 0, 0, 0, 0],
      `{"input":{"a":"${base64}","b":[1,-2.5e3,true,null]},"webhook":"x"}`,
    ),
    seed([1, 1, 1, 1, 0, 0, 0, 0], `{"input":{"a":"data:image/PNG;base64,${base64}"}}`),
    seed([3, 2, 2, 2, 0, 0, 0, 0], `{"input":{"a":{"b":"${base64}"},"c":"Zm9v\\nYm\\/y\\u002b"}}`),
    seed(
      [7, 3, 3, 0, 0, 0, 0, 0],
      '{"input":{"a":"h\\u00e9 \\ud83d\\ude00 \xc3\xa9"},"x":{"a":"text long enough"}}',
    ),
    seed([2, 0, 4, 0, 0, 0, 0, 1], `{"a/b":{"~":"${base64}"},"input":["${base64}","${base64}"]}`),
    seed([9, 0, 0, 0, 0, 0, 0, 0], '{"input":{"a":"\xff\xff\\/\xff"},"s3Config":{"k":"v"}}'),
    seed([0, 0, 5, 1, 3, 1, 1, 0], '[[["deep",0.5E-7,{}]],"\\ud800"]'),
    seed([3, 0, 1, 0, 0, 0, 0, 2], '{"input":{"a":"ab:c","b":["\\u0061b:","ab:"],"c":"abcd"}}'),
    seed([1, 0, 3, 1, 0, 0, 0, 3], '{"input":{"a":"\\u0061b\\u003a \\ud800","0":"ab:"},"a":"ab"}'),
  ],
  dictionary: [
    ...'{}[]",:=-+.eE0\\/',
    ...['{"input":{"a":"', '"}}', '","b":"', '"input"', '{}', '[]', '""', 'true', 'false', 'null'],
    ...['\\u0061', '\\u002f', '\\ud83d\\ude00', '\\ud800', '\\n', '\\r', '\\/', '\\"', '\\\\'],
    ...['ab:', '"ab', '\\u003a', 'a', 'b'],
    ...['data:', 'data:image/png', ';base64,', ';charset=utf-8', base64, 'Zm9v', '==', 'Zg'],
    ...[
      's3Config',
      's3\\u0043onfig',
      'webhook',
      'policy',
      '"a/b":{"~":"',
      '\xc3\xa9',
      '\xf0\x9f\x98\x80',
    ],
    ...['\xed\xa0\x80', '\xef\xbb\xbf', '\xff', '\xff\xff\xff\xff\xff', '-0', '1e400', '0.5E-7'],
  ],
  check,
}
