import { expect, it } from 'vitest'
import { SEXTETS } from '../../src/bytes/base64.ts'

it('knows the characters of both alphabets and no other', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte)
    const standard = `${letters}+/`.indexOf(character)
    expect(SEXTETS[byte]).toBe(standard >= 0 ? standard : `${letters}-_`.indexOf(character))
  }
})
