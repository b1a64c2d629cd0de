import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../src/auth/authenticate.ts'
import { isOwner } from '../../src/auth/principal.ts'
import type { KeyConfig } from '../../src/config/config.ts'
import { ringOf } from '../config/rings.ts'

const newKey = () => `bw_${randomBytes(32).toString('base64url')}`
const headersOf = (authorization: string) => new Headers({ authorization })
const entry = (name: string, key: string, rest: Partial<KeyConfig> = {}): KeyConfig => ({
  name,
  sha256: createHash('sha256').update(key).digest('hex'),
  endpoints: ['*'],
  scopes: [],
  ...rest,
})

describe('passthrough callers', () => {
  const auth = { mode: 'passthrough', proofSeconds: 60 } as const
  const authenticate = createAuthenticator({ auth, keyring: ringOf('a1') })

  it('are known by an id that does not tell the key, the same in both spellings', async () => {
    const bearer = await authenticate(headersOf('Bearer rpa_1'), 'demo')
    const raw = await authenticate(headersOf('rpa_1'), 'other')
    const stranger = await authenticate(headersOf('rpa_2'), 'demo')
    const [id, ...former] = await bearer.ids()
    expect(id).toMatch(/^k:[0-9a-f]{64}$/)
    expect(former).toEqual([])
    expect(await raw.ids()).toEqual([id])
    expect(await stranger.ids()).not.toContain(id)
    expect(raw.apiKey?.scheme).toBe('raw')
    expect(bearer.apiKey?.key.reveal()).toBe('rpa_1')
    expect(JSON.stringify(bearer)).not.toContain('rpa_1')
  })

  it('stay owners when the master key is changed', async () => {
    const later = createAuthenticator({ auth, keyring: ringOf('b2', 'a1') })
    const before = await authenticate(headersOf('rpa_1'), 'demo')
    const after = await later(headersOf('rpa_1'), 'demo')
    const [idBefore] = await before.ids()
    const [idAfter] = await after.ids()
    expect(idAfter).not.toBe(idBefore)
    expect(await isOwner(after, idBefore)).toBe(true)
    expect(await isOwner(after, 'k:other')).toBe(false)
    expect(await isOwner(before, idAfter)).toBe(false)
  })

  it('need a key', async () => {
    await expect(authenticate(new Headers(), 'demo')).rejects.toMatchObject({
      code: 'unauthorized',
    })
  })
})

describe('callers with keys of the gateway', () => {
  const [first, second, narrow] = [newKey(), newKey(), newKey()]
  const keys = [
    entry('first', first),
    entry('second', second, { scopes: ['admin'] }),
    entry('narrow', narrow, { endpoints: ['demo'] }),
  ]
  const authenticate = createAuthenticator({
    auth: { mode: 'keys', tokenMaxSeconds: 3600, keys },
    keyring: ringOf('a1'),
  })

  it('are known by the name of their key, wherever it stands in the list', async () => {
    const one = await authenticate(headersOf(`Bearer ${first}`), 'demo')
    expect(one).toEqual({ ids: expect.any(Function), mode: 'keys', scopes: [] })
    expect(await one.ids()).toEqual(['n:first'])
    const two = await authenticate(headersOf(second), 'demo')
    expect(two).toMatchObject({ scopes: ['admin'] })
    expect(await two.ids()).toEqual(['n:second'])
    expect(two.apiKey).toBeUndefined()
  })

  it('are refused when one character is other', async () => {
    for (let at = 0; at < first.length; at++) {
      const other = first[at] === 'x' ? 'y' : 'x'
      const altered = first.slice(0, at) + other + first.slice(at + 1)
      await expect(authenticate(headersOf(altered), 'demo')).rejects.toMatchObject({
        code: 'unauthorized',
      })
    }
  })

  it('are refused with a key of another shape, even if its digest is listed', async () => {
    const weak = createAuthenticator({
      auth: { mode: 'keys', tokenMaxSeconds: 3600, keys: [entry('weak', 'password')] },
      keyring: ringOf('a1'),
    })
    await expect(weak(headersOf('password'), 'demo')).rejects.toMatchObject({
      code: 'unauthorized',
    })
  })

  it('do not learn whether an endpoint exists that their key is not for', async () => {
    expect(await (await authenticate(headersOf(narrow), 'demo')).ids()).toEqual(['n:narrow'])
    await expect(authenticate(headersOf(narrow), 'other')).rejects.toMatchObject({
      code: 'not_found',
      detail: 'Cannot find endpoint other',
    })
  })
})
