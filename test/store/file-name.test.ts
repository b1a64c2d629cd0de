import { describe, expect, it } from 'vitest'
import { keyName, shownName } from '../../src/store/file-name.ts'

const type = 'application/octet-stream'

describe('the name of a file', () => {
  it.each([
    ['photo.png', 'photo.png', 'photo.png'],
    ['C:\\Users\\me\\photo.PNG', 'photo.PNG', 'photo.png'],
    ['../../etc/passwd', 'passwd', 'passwd.bin'],
    ['..', 'file', 'file.bin'],
    ['.', 'file', 'file.bin'],
    ['', 'file', 'file.bin'],
    ['///', 'file', 'file.bin'],
    ['a/../', 'file', 'file.bin'],
    ['.gitignore', '.gitignore', 'gitignore.bin'],
    ['a\u0000b\r\n.txt', 'ab.txt', 'ab.txt'],
    ['\u202egnp.exe', 'gnp.exe', 'gnp.exe'],
    ['מסמך סופי.pdf', 'מסמך סופי.pdf', 'file.pdf'],
    ['🦊🦊.webp', '🦊🦊.webp', 'file.webp'],
    ['Fotografía año.jpeg', 'Fotografía año.jpeg', 'Fotografia-ano.jpeg'],
    ['a.tar.gz', 'a.tar.gz', 'a-tar.gz'],
    ['x.', 'x.', 'x.bin'],
    ['name with "quotes" & <tags>', 'name with "quotes" & <tags>', 'name-with-quotes-tags.bin'],
    ['half\ud800.txt', 'half\ufffd.txt', 'half.txt'],
  ])('%j is shown as %j and stored as %j', (given, shown, key) => {
    expect(shownName(given)).toBe(shown)
    expect(keyName(shownName(given), type)).toBe(key)
  })

  it('is there when nobody gives one', () => {
    expect(shownName(undefined)).toBe('file')
    expect(keyName('file', 'image/png')).toBe('file.png')
    expect(keyName('file', 'text/plain;charset=utf-8')).toBe('file.txt')
  })

  it('is cut at 255 bytes between characters, and keeps its extension', () => {
    for (const character of ['a', 'é', '漢', '🦊']) {
      const shown = shownName(`${character.repeat(300)}.jpeg`)
      const bytes = new TextEncoder().encode(shown).length
      expect(bytes).toBeLessThanOrEqual(255)
      expect(bytes).toBeGreaterThan(255 - 5)
      expect(shown.endsWith(`${character}.jpeg`)).toBe(true)
      expect(keyName(shown, type)).toMatch(/^[a-z]{1,40}\.jpeg$/)
    }
  })

  it('is safe as a key, whatever it was', () => {
    for (let code = 0; code < 0x3000; code++) {
      const key = keyName(shownName(`x${String.fromCharCode(code)}y.b${code}`), type)
      expect(key).toMatch(/^[A-Za-z0-9_-]{1,40}\.[a-z0-9]{1,10}$/)
    }
  })
})
