import { describe, expect, test } from 'vitest'
import { parseMetadata } from '../../../src/uploads/tus/metadata.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('Upload-Metadata', () => {
  test('is read as pairs, some without a value', () => {
    const text = `filename ${base64('Übersicht.pdf')},filetype ${base64('application/pdf')}, final`
    expect(Object.fromEntries(parseMetadata(text))).toEqual({
      filename: 'Übersicht.pdf',
      filetype: 'application/pdf',
      final: '',
    })
  })

  test('may be empty or missing', () => {
    expect(parseMetadata(undefined).size).toBe(0)
    expect(parseMetadata('').size).toBe(0)
  })

  test('has bytes replaced that are no UTF-8', () => {
    expect(parseMetadata('filename /w==').get('filename')).toBe('\ufffd')
  })

  test.each([
    ['a value that is no base64', 'filename a_b'],
    ['a value cut short', 'filename abcde'],
    ['a third word', 'filename YQ== YQ=='],
    ['a key twice', 'filename YQ==,filename YQ=='],
    ['an empty pair', 'filename YQ==,,final'],
    ['a key that is not ASCII', 'näme YQ=='],
    ['more than 4 KiB', `filename ${'A'.repeat(4100)}`],
  ])('is refused with %s', (_, text) => {
    expect(() => parseMetadata(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })
})
