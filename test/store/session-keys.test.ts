import { expect, test } from 'vitest'
import {
  isSessionName,
  leaseKeyOfSessionFile,
  prefixOfSessionLease,
  sessionLeaseKey,
  sessionPrefix,
  volumeLeaseKey,
} from '../../src/store/session-keys.ts'

const place = { ownerHash: '0123456789abcdef'.repeat(2), endpointId: 'train', session: 'run-42' }
const below = `${place.ownerHash}/train/run-42`

test('record and files lead to each other', () => {
  expect(sessionPrefix(place)).toBe(`sessions/${below}/`)
  expect(sessionLeaseKey(place)).toBe(`leases/sessions/${below}`)
  expect(prefixOfSessionLease(sessionLeaseKey(place))).toBe(sessionPrefix(place))
  expect(leaseKeyOfSessionFile(`${sessionPrefix(place)}a/b`)).toBe(sessionLeaseKey(place))
})

test.each([
  'leases/sessions/readme',
  `leases/sessions/${below}/more`,
  `leases/sessions/ABCDEF/train/run-42`,
  `leases/volumes/vol`,
  `sessions/${below}`,
])('%s is no record', (key) => {
  expect(prefixOfSessionLease(key)).toBeUndefined()
})

test.each(['sessions/a/b', `other/${below}/a`, `sessions/${place.ownerHash}/train/.a/b`])(
  '%s is no file of a session',
  (key) => {
    expect(leaseKeyOfSessionFile(key)).toBeUndefined()
  },
)

test('names are those that are a segment everywhere', () => {
  for (const name of ['a', '0', 'run-42', 'A.b_c-d', 'a'.repeat(64)]) {
    expect(isSessionName(name), name).toBe(true)
  }
  for (const name of ['', '.', '..', '.a', '-a', '_a', 'a/b', 'a b', 'ü', 'a\n', 'a'.repeat(65)]) {
    expect(isSessionName(name), name).toBe(false)
  }
})

test('a volume is one segment', () => {
  expect(volumeLeaseKey('a/b')).toBe('leases/volumes/a%2Fb')
})
