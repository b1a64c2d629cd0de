import { describe, expect, it } from 'vitest'
import {
  parseOutputReference,
  renderInputReference,
  renderOutputReference,
} from '../../src/outputs/output-reference.ts'

const plain = 'bulkway-output://BW1ABC/out/a%20b.png?as=data-uri&type=image%2Fpng&bytes=12'

describe('parseOutputReference', () => {
  it('reads what renderOutputReference writes', () => {
    const reference = {
      accessId: 'BW1ABC',
      key: 'out/ä b/%2F?#".png',
      as: 'base64',
      type: 'text/plain;charset="utf-8"',
      bytes: 0,
    } as const
    expect(parseOutputReference(renderOutputReference(reference))).toEqual(reference)
  })

  it('reads a key whose slashes are encoded, members in any order, and takes what is left out', () => {
    expect(parseOutputReference(plain)).toEqual({
      ...{ accessId: 'BW1ABC', key: 'out/a b.png', as: 'data-uri', type: 'image/png', bytes: 12 },
    })
    const other = 'bulkway-output://i/out%2Fx?bytes=7&x=1&as=json'
    expect(parseOutputReference(other)).toEqual({
      ...{ accessId: 'i', key: 'out/x', as: 'json', type: 'application/octet-stream', bytes: 7 },
    })
    expect(parseOutputReference('bulkway-output://i/k?as=text')?.bytes).toBeUndefined()
  })

  it('takes a type that is none for bytes', () => {
    const text = 'bulkway-output://i/k?as=data-uri&type=%22%0Ax'
    expect(parseOutputReference(text)?.type).toBe('application/octet-stream')
  })

  it.each([
    'bulkway-output://',
    'bulkway-output:///k?as=text',
    'bulkway-output://i?as=text',
    'bulkway-output://i/?as=text',
    'bulkway-output://i/k',
    'bulkway-output://i/k?as=',
    'bulkway-output://i/k?as=bytes',
    'bulkway-output://i/k?as=constructor',
    'bulkway-output://i/%FF?as=text',
    'bulkway-output://i/k?as=text&type=%',
    'bulkway-output://i/k?as=text#x',
    'BULKWAY-OUTPUT://i/k?as=text',
    `bulkway-output://i/${'k'.repeat(9000)}?as=text`,
    'https://i/k?as=text',
  ])('knows none in %s', (text) => {
    expect(parseOutputReference(text)).toBeUndefined()
  })
})

describe('renderInputReference', () => {
  it('writes what bulkway_worker.py reads', () => {
    const reference = {
      accessId: 'BW1ABC',
      key: 'in/0-image.png',
      as: 'base64',
      type: 'image/png',
      bytes: 3,
    } as const
    expect(renderInputReference(reference)).toBe(
      'bulkway-input://BW1ABC/in/0-image.png?as=base64&type=image%2Fpng&bytes=3',
    )
  })
})
