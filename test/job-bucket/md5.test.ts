import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { md5 } from '../../src/job-bucket/operations/md5.ts'

test('is the MD5 of texts of every length around a block', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = randomBytes(length)
    expect(Buffer.from(md5(bytes))).toEqual(createHash('md5').update(bytes).digest())
  }
  const long = randomBytes(1_000_003)
  expect(Buffer.from(md5(long))).toEqual(createHash('md5').update(long).digest())
})
