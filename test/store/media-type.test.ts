import { describe, expect, test } from 'vitest'
import { extensionOf, readMediaType } from '../../src/store/media-type.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const png = hex('89504e470d0a1a0a 0000000d 49484452 00000001 00000001 0806000000 1f15c489')
const mp4 = hex('00000018 66747970 6d703432 00000000 6d703432 69736f6d')
const wav = hex('52494646 24000000 57415645 666d7420')
const zip = hex('504b0304 14000000 0000')
const none = new Uint8Array(64).fill(7)

describe('the media type', () => {
  test.for([
    ['PNG', png, 'image/png', 'png'],
    ['JPEG', hex('ffd8ffe000104a464946'), 'image/jpeg', 'jpg'],
    ['MP4', mp4, 'video/mp4', 'mp4'],
    ['WAV', wav, 'audio/wav', 'wav'],
    ['ZIP cut short', zip, 'application/zip', 'zip'],
    ['nothing known', none, 'application/octet-stream', 'bin'],
    ['nothing at all', new Uint8Array(0), 'application/octet-stream', 'bin'],
  ] as const)('of %s is read from its first bytes', async ([, first, contentType, extension]) => {
    expect(await readMediaType(first)).toEqual({ contentType, extension })
  })

  test.for([
    ['image/png', 'image/png', 'png'],
    ['audio/mpeg', 'audio/mpeg', 'mp3'],
    ['IMAGE/JPEG', 'image/jpeg', 'jpg'],
    ['text/plain;charset=utf-8', 'text/plain;charset=utf-8', 'txt'],
    ['text/plain; name="a\r\nb"; charset="UTF-8"', 'text/plain;charset=UTF-8', 'txt'],
    ['image/avif', 'image/avif', 'avif'],
    ['application/x-something', 'application/x-something', 'bin'],
    ['image/../../x', 'application/octet-stream', 'bin'],
    ['constructor/toString', 'constructor/tostring', 'bin'],
    ['nonsense', 'application/octet-stream', 'bin'],
    ['application/octet-stream', 'application/octet-stream', 'bin'],
  ] as const)('declared as %s wins over the bytes', async ([declared, contentType, extension]) => {
    expect(await readMediaType(none, declared)).toEqual({ contentType, extension })
  })

  test('declared without an extension of its own takes that of the bytes', async () => {
    expect(await readMediaType(png, 'application/x-thing')).toEqual({
      contentType: 'application/x-thing',
      extension: 'png',
    })
  })

  test('declared as anything at all is read from the bytes', async () => {
    expect((await readMediaType(png, 'application/octet-stream')).contentType).toBe('image/png')
  })

  test('has an extension where a type has a usual one', () => {
    expect(extensionOf('video/quicktime')).toBe('mov')
    expect(extensionOf('application/zip')).toBe('zip')
    expect(extensionOf('application/x-unheard-of')).toBeUndefined()
  })
})
