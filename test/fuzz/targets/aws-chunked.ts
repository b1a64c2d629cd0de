import { AwsChunkedDecoder } from '../../../src/job-bucket/body/aws-chunked.ts'
import { S3Error } from '../../../src/job-bucket/s3-error.ts'
import { Choices, cut, inflate } from '../choices.ts'
import { readAwsChunked } from '../reference/aws-chunked.ts'
import { agree, latin1, seed, type Target } from '../target.ts'

const signings = [
  ['nothing', 'unsigned'],
  ['chunks', 'chunks'],
  ['chunks and trailers', 'chunks-and-trailers'],
] as const
const signature = 'a1'.repeat(32)

function check(input: Uint8Array): void {
  const choices = new Choices(input)
  const cuts = choices.byte()
  const [signed, signing] = signings[cuts >> 6] ?? signings[0]
  const body = inflate(choices.rest())
  const expected = readAwsChunked(body, signed)
  for (const one of [0, cuts]) {
    const decoder = new AwsChunkedDecoder(signing)
    let content = ''
    const ends: [number, string][] = []
    let refusal: string | undefined
    try {
      for (const chunk of cut(body, one)) {
        const before = content.length
        content += latin1(decoder.decode(chunk))
        for (const { at, signature } of decoder.ends) ends.push([before + at, signature])
      }
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      refusal = error.code
    }
    agree('another verdict', expected.refusal?.message, refusal)
    if (refusal !== undefined) {
      // What stood in the chunk that is refused is lost with it.
      agree('other bytes before a refusal', true, latin1(expected.content).startsWith(content))
      continue
    }
    agree('another end', expected.done, decoder.isDone)
    agree('other bytes', latin1(expected.content), content)
    agree('other ends of chunks', expected.ends, ends)
    agree('other trailers', expected.trailers, [...decoder.trailers])
  }
}

/** Differential: byte 1 chooses the cuts and what is signed, the rest is a body. */
export const target: Target = {
  seeds: [
    seed([0], '5\r\nhello\r\n0\r\nx-amz-checksum-crc32: AAAA\r\n\r\n'),
    seed([1], '00A;ext=1\r\n0\r\n1\r\nworl\r\n1\r\n!\r\n0\r\n\r\n'),
    seed([4], '400\r\n\xff\r\n0\r\na:b\r\nc:d\r\n\r\n'),
    seed([2], '1\r\n!\r\n0\r\na:b\n\r\n\r\n'),
    seed([67], `3;chunk-signature=${signature}\r\nabc\r\n0;chunk-signature=${signature}\r\n\r\n`),
    seed(
      [129],
      `0;chunk-signature=${signature}\r\na:b\n\r\nx-amz-trailer-signature:${signature}\r\n\r\n`,
    ),
  ],
  dictionary: [
    ...'01aF;:\r\n ',
    ...[
      '\r\n',
      '0\r\n',
      '0\r\n\r\n',
      '1\r\n',
      '400\r\n\xff\r\n',
      ';ext=1',
      'a:b\r\n',
      'fffffffffffff',
    ],
    ...[`;chunk-signature=${signature}`, `x-amz-trailer-signature:${signature}\r\n`, 'a:b\n'],
    ...['x-amz-checksum-crc32:', '\xff', '\n', '\xa0', 'a'.repeat(1015)],
  ],
  check,
}
