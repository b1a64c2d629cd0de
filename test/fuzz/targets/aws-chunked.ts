import { AwsChunkedDecoder } from '../../../src/job-bucket/body/aws-chunked.ts'
import { S3Error } from '../../../src/job-bucket/s3-error.ts'
import { Choices, cut, inflate } from '../choices.ts'
import { readAwsChunked } from '../reference/aws-chunked.ts'
import { agree, latin1, seed, type Target } from '../target.ts'

function check(input: Uint8Array): void {
  const choices = new Choices(input)
  const cuts = choices.byte()
  const body = inflate(choices.rest())
  const expected = readAwsChunked(body)
  for (const one of [0, cuts]) {
    const decoder = new AwsChunkedDecoder()
    let content = ''
    let refusal: string | undefined
    try {
      for (const chunk of cut(body, one)) content += latin1(decoder.decode(chunk))
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
    agree('other trailers', expected.trailers, [...decoder.trailers])
  }
}

/** Differential: byte 1 chooses the cuts, the rest is a body. */
export const target: Target = {
  seeds: [
    seed([0], '5\r\nhello\r\n0\r\nx-amz-checksum-crc32: AAAA\r\n\r\n'),
    seed([1], '00A;ext=1\r\n0\r\n1\r\nworl\r\n1\r\n!\r\n0\r\n\r\n'),
    seed([4], '400\r\n\xff\r\n0\r\na:b\r\nc:d\r\n\r\n'),
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
    ...['x-amz-checksum-crc32:', '\xff', '\n', '\xa0', 'a'.repeat(1015)],
  ],
  check,
}
