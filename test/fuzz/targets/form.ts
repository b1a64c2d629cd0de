import { GatewayError } from '../../../src/errors.ts'
import { FormParser, type FormPart } from '../../../src/multipart/form-parser.ts'
import { createBytePrimitives } from '../../../src/runtimes/byte-primitives.ts'
import { Choices, cut, inflate } from '../choices.ts'
import { type ReadPart, readForm } from '../reference/form.ts'
import { agree, latin1, seed, type Target } from '../target.ts'

const bytes = createBytePrimitives()
const boundaries = ['b', '--', 'aaaaaaaa', '-----WebKitFormBoundary0'] as const
const limits = { formParts: 4, formNameBytes: 24, formHeaderBytes: 200, payloadBytes: 2000 }

function shown({ name, filename, contentType }: FormPart, content: string): ReadPart {
  return {
    name,
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
    content,
  }
}

function check(input: Uint8Array): void {
  const choices = new Choices(input)
  const cuts = choices.byte()
  const boundary = boundaries[cuts >> 6] ?? 'b'
  const body = inflate(choices.rest())
  const expected = readForm(latin1(body), boundary, limits)
  for (const one of [0, cuts & 63]) {
    const parser = new FormParser({ boundary, bytes, limits })
    const parts: ReadPart[] = []
    let content = ''
    let refusal: string | undefined
    try {
      for (const chunk of cut(body, one)) {
        parser.push(chunk)
        for (let event = parser.step(); event.kind !== 'more'; event = parser.step()) {
          if (event.kind === 'part') content = ''
          else if (event.kind === 'bytes') content += latin1(event.bytes)
          else parts.push(shown(event.part, content))
        }
      }
      parser.end()
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      refusal = error.code
      agree('an offset beyond the body', true, (error.facts.offset ?? -1) <= body.length)
    }
    agree('another verdict', expected.refusal?.message, refusal)
    agree('other parts', expected.parts, parts)
  }
}

const field = 'Content-Disposition: form-data; name="a"\r\n'

/** Differential: byte 1 chooses the cuts and the boundary, the rest is a form. */
export const target: Target = {
  seeds: [
    seed([0], `--b\r\n${field}\r\nhello\r\n--b--\r\n`),
    seed([1], `pre\r\n--b \t\r\n${field}X-Y: z\r\n\r\n\r\n--\r\n--b\r\n${field}\r\n--b--`),
    seed(
      [65],
      '----\r\nContent-Disposition: form-data; name="a%22\\""; filename="x.png"\r\n' +
        'Content-Type: image/png\r\n\r\n\xff\r\n------',
    ),
    seed(
      [130],
      "--aaaaaaaa\r\ncontent-disposition: form-data;\r\n name=a; filename*=utf-8''%e2%82%ac\r\n" +
        'Content-Transfer-Encoding: 8bit\r\n\r\n\r\n--aaaaaaa\r\n--aaaaaaaa--',
    ),
    seed(
      [195],
      `-------WebKitFormBoundary0\r\n${field}\r\n\xff\xff\r\n-------WebKitFormBoundary0--`,
    ),
  ],
  dictionary: [
    ...[
      '\r\n',
      '\r',
      '\n',
      '--',
      '\r\n--',
      '\r\n--b',
      '\r\n--b--',
      '--b\r\n',
      ': ',
      ';',
      ' ',
      '\t',
    ],
    ...[
      field,
      'Content-Type: ',
      'multipart/x',
      'Content-Transfer-Encoding: base64\r\n',
      '\r\n\r\n',
    ],
    ...[
      '; filename="',
      '"',
      '\\"',
      '\\\\',
      '%22',
      '%0D%0A',
      "; filename*=iso-8859-1''%e4",
      'name=',
    ],
    ...['\xe2\x82\xac', '\xe4', '\xff', 'aaaaaaaa', '-----WebKitFormBoundary0', '\x00'],
  ],
  check,
}
