import { describe, expect, test } from 'vitest'
import { findMedia } from '../../src/page/find-media.ts'

const found = (output: unknown) =>
  findMedia(output).map(({ kind, name, path }) => `${kind} ${name} ${path}`)

describe('findMedia', () => {
  test('finds links and data URLs anywhere, each once', () => {
    const output = {
      images: ['https://a.example/x/one.PNG?sig=1', 'data:image/webp;base64,AAAA'],
      deep: { clip: 'https://a.example/two%20b.mp4', again: 'https://a.example/two%20b.mp4' },
      audio: 'data:audio/mpeg;base64,AAAA',
      file: 'http://127.0.0.1:1/files/sealed/out.bin',
    }
    expect(found(output)).toEqual([
      'image one.PNG images.0',
      'image images.webp images.1',
      'video two b.mp4 deep.clip',
      'audio audio.mp3 audio',
      'file out.bin file',
    ])
  })

  test('knows images and sound that are base64 alone', () => {
    const base64 = (head: string) => Buffer.from(head.padEnd(90, 'x'), 'latin1').toString('base64')
    for (const size of ['\x01\x02\x03\x04', '\xff\xff\xff\xff', '\0\0\0\0']) {
      expect(found([base64(`RIFF${size}WEBPVP8 `)])).toEqual(['image output.webp 0'])
      expect(found([base64(`RIFF${size}WAVEfmt `)])).toEqual(['audio output.wav 0'])
      expect(found([base64(`RIFF${size}AVI LIST`)])).toEqual([])
    }
    expect(found({ image: base64('\x89PNG\r\n\x1a\n\0\0') })).toEqual(['image image.png image'])
    expect(found({ image: base64('\xff\xd8\xff\xe0') })).toEqual(['image image.jpeg image'])
  })

  test('needs time in proportion for text that is almost base64', () => {
    const before = process.cpuUsage()
    expect(
      found([`iVBORw0KGgo${' '.repeat(100_000)}!`, `iVBORw0KGgo${'\n'.repeat(100_000)}=!`]),
    ).toEqual([])
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000)
    expect(found([`iVBORw0KGgo${'A'.repeat(6_000_000)}\n `])).toEqual(['image output.png 0'])
  })

  test('takes no other text, and no other scheme', () => {
    const texts = [
      'see https://a.example/x.png',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template would leave behind
      'https://${host}/x y.png',
      'javascript:alert(1)//x.png',
      'data:text/html,<script>alert(1)</script>',
      'blob:https://a.example/x.png',
      '/9j/',
      'file:///etc/passwd',
      'https://a.example/s3/********************',
    ]
    expect(found(texts)).toEqual([])
    expect(found(undefined)).toEqual([])
    expect(found(null)).toEqual([])
  })
})
