import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Sha256 } from '../../src/client/sha256.ts'

const reference = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('is SHA-256 at every length around a block, cut at every byte', () => {
  const bytes = randomBytes(200)
  for (let length = 0; length <= bytes.length; length++) {
    const message = bytes.subarray(0, length)
    const expected = reference(message)
    for (const cut of [0, 1, 55, 56, 63, 64, 65, length]) {
      const hash = new Sha256()
      hash.update(message.subarray(0, cut))
      hash.update(message.subarray(cut))
      expect(hash.hex()).toBe(expected)
    }
  }
})

test('takes a message one byte at a time', () => {
  const bytes = randomBytes(300)
  const hash = new Sha256()
  for (const byte of bytes) hash.update(Uint8Array.of(byte))
  expect(hash.hex()).toBe(reference(bytes))
})

test('counts the bits of what is longer than 512 MiB', () => {
  const zeros = new Uint8Array(4_194_304)
  const ours = new Sha256()
  const theirs = createHash('sha256')
  for (let i = 0; i < 129; i++) {
    ours.update(zeros)
    theirs.update(zeros)
  }
  expect(ours.hex()).toBe(theirs.digest('hex'))
})
