import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase32 } from '../../src/bytes/base32.ts'
import { makeFileLink, readFileLink } from '../../src/outputs/file-link.ts'
import { alterationsOf, ringOf } from '../config/rings.ts'

const keyring = ringOf('a1')
const publicUrl = 'https://gw.example'
const grantId = 'mfrggzdfmztwq2lknnwg23tpoa'
const expiresAt = 1_800_000_000_000
const make = (path: string, changes = {}) =>
  makeFileLink({ keyring, publicUrl, grantId, path, expiresAt, ...changes })
const sealedOf = (link: string) => new URL(link).pathname.split('/')[2] ?? ''

describe('a link to a file', () => {
  it('gives grant, path and expiry back', async () => {
    const grantIds = fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => encodeBase32(bytes).toLowerCase())
    const paths = fc.string({ minLength: 1, unit: 'grapheme', maxLength: 60 })
    const times = fc.integer({ min: 1, max: 0xffff_ffff }).map((seconds) => seconds * 1000)
    await fc.assert(
      fc.asyncProperty(grantIds, paths, times, async (id, path, time) => {
        const link = await make(path, { grantId: id, expiresAt: time })
        const url = new URL(link)
        expect(url.href).toBe(link)
        expect(url.pathname.split('/')).toHaveLength(4)
        expect(await readFileLink(keyring, sealedOf(link), time - 1)).toEqual({
          grantId: id,
          path,
          expiresAt: time,
        })
      }),
    )
  })

  it('ends in the name of the file, so that its extension is seen', async () => {
    expect(await make('out/picture one.png')).toMatch(/\/picture%20one\.png$/)
    expect(await make('out/ä?#.png')).toMatch(/\/%C3%A4%3F%23\.png$/)
    expect(await make('out/..')).toMatch(/\/file$/)
    expect(await make('x\ud800.png')).toMatch(/\/x%EF%BF%BD\.png$/)
  })

  it('keeps a path that begins with a byte order mark', async () => {
    const sealed = sealedOf(await make('\ufeffx'))
    expect((await readFileLink(keyring, sealed, 0))?.path).toBe('\ufeffx')
  })

  it('ends at its expiry', async () => {
    const sealed = sealedOf(await make('x', { expiresAt: expiresAt + 999 }))
    expect(await readFileLink(keyring, sealed, expiresAt - 1)).toBeDefined()
    expect(await readFileLink(keyring, sealed, expiresAt)).toBeUndefined()
  })

  it('means nothing when one character is altered', async () => {
    const sealed = sealedOf(await make('out/a.png'))
    for (const altered of alterationsOf(sealed)) {
      expect(await readFileLink(keyring, altered, 0), altered).toBeUndefined()
    }
  })

  it('survives a change of the master key as long as the old one is accepted', async () => {
    const sealed = sealedOf(await make('x'))
    expect(await readFileLink(ringOf('b2', 'a1'), sealed, 0)).toMatchObject({ path: 'x' })
    expect(await readFileLink(ringOf('b2'), sealed, 0)).toBeUndefined()
  })

  it('is not made without a grant or beyond the year 2106', async () => {
    await expect(make('x', { grantId: 'short' })).rejects.toThrow(TypeError)
    await expect(make('x', { expiresAt: 2 ** 32 * 1000 })).rejects.toThrow(TypeError)
    await expect(make('x', { expiresAt: Number.NaN })).rejects.toThrow(TypeError)
  })
})
