import { describe, expect, it } from 'vitest'
import { readApiKey } from '../../src/auth/api-key.ts'

const read = (authorization?: string) => {
  const found = readApiKey(new Headers(authorization === undefined ? {} : { authorization }))
  return found && [found.scheme, found.key.reveal()]
}

describe('an API key', () => {
  it('is read in both spellings of the clients', () => {
    expect(read('Bearer rpa_1')).toEqual(['bearer', 'rpa_1'])
    expect(read('bEARER   rpa_1')).toEqual(['bearer', 'rpa_1'])
    expect(read('rpa_1')).toEqual(['raw', 'rpa_1'])
    expect(read(' rpa_1 ')).toEqual(['raw', 'rpa_1'])
  })

  it('is none where there is no key, another scheme or several', () => {
    for (const text of [undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b', 'a, b']) {
      expect(read(text), text).toBeUndefined()
    }
    expect(read('k\u00e9y')).toBeUndefined()
    expect(read('x'.repeat(4097))).toBeUndefined()
    const twice = new Headers({ authorization: 'a' })
    twice.append('authorization', 'b')
    expect(readApiKey(twice)).toBeUndefined()
  })
})
