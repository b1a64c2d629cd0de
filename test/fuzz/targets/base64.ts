import { compileRules } from '../../../src/json/pointer.ts'
import { bytes, splice, verdict } from '../../json/splice.ts'
import { Choices, cut, inflate } from '../choices.ts'
import { decodeBase64 } from '../reference/base64.ts'
import { Broken, readCharacter } from '../reference/characters.ts'
import { agree, Disagreement, latin1, seed, type Target } from '../target.ts'

const rules = compileRules([{ pointer: '/x', stage: true, encoding: 'base64' as const }])

function check(input: Uint8Array): void {
  const choices = new Choices(input)
  const cuts = choices.byte()
  const roomBytes = choices.of([48, 3, 6, 3000])
  const text = inflate(choices.rest())
  checkPrimitive(text)
  const body = Buffer.concat([Buffer.from('{"x":"'), text, Buffer.from('"}')])
  const [expected, isWhole] = unescaped(text)
  if (!isWhole || /^data:/i.test(expected)) return
  let actual = ''
  const judged = verdict(() => {
    const { payloads } = splice(cut(body, cuts), { rules }, roomBytes)
    actual = latin1(payloads[0]?.content ?? [])
  })
  const decoded = decodeBase64(expected)
  if (decoded === undefined) {
    if (!judged.startsWith('invalid_payload')) throw new Disagreement('accepted', 'refused', judged)
  } else {
    agree('another verdict', 'accepted', judged)
    agree('other bytes', latin1(decoded), actual)
  }
}

/** The decoder of whole quads, beside padding, white space and escapes. */
function checkPrimitive(text: Uint8Array): void {
  const length = text.length & ~3
  const whole = latin1(text.subarray(0, length))
  const expected = /[=\r\n]/.test(whole) ? undefined : decodeBase64(whole)
  const place = new Uint8Array((length / 4) * 3 + 2)
  const written = bytes.decodeBase64(text, 0, length, place, 1)
  agree('another count of the primitive', expected?.length ?? -1, written)
  if (expected === undefined) return
  agree('other bytes of the primitive', `\0${latin1(expected)}\0`, latin1(place))
}

/** The characters of a JSON string; false when a quote or what is no JSON ends it early. */
function unescaped(text: Uint8Array): [characters: string, isWhole: boolean] {
  let characters = ''
  try {
    for (let at = 0; at < text.length; ) {
      if (text[at] === 0x22) return [characters, false]
      const { unit, end } = readCharacter(text, at)
      characters += String.fromCharCode(unit ?? 0x2603)
      at = end
    }
  } catch (error) {
    if (error instanceof Broken) return [characters, false]
    throw error
  }
  return [characters, true]
}

/** Differential: bytes 1 and 2 choose cuts and room, the rest is what stands between quotes. */
export const target: Target = {
  seeds: [
    seed([0, 0], 'Zm9vYmFyIGJhegBxdXV4IQ=='),
    seed([1, 1], 'Zm9vYmFy\\nIGJhegBx\\r\\ndXV4IQ'),
    seed([5, 2], '-_+/\\/\\u002f\\u003d='),
    seed([9, 3], '\xff\xff\\/\xff-_==\\n'),
  ],
  dictionary: [
    ...'+/-_=A',
    ...[
      '==',
      '\\n',
      '\\r\\n',
      '\\/',
      '\\u002f',
      '\\u002B',
      '\\u003d',
      '\\u000a',
      '\\u0041',
      'Zm9v',
    ],
    ...['\xff', '\xff\xff\xff\xff', '\\t', '\\u0100', '\\ud800', '\xc3\xa9', ' '],
  ],
  check,
}
