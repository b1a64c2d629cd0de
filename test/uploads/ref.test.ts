import { expect, test } from 'vitest'
import { isDirectoryRef, readDirectoryRef, readRef } from '../../src/uploads/ref.ts'

test.each([
  ['bulkway:session', { of: 'session', below: '' }],
  ['bulkway:output', { of: 'output', below: '' }],
  ['bulkway:session/a', { of: 'session', below: 'a/' }],
  ['bulkway:output/a b/.c/ü..', { of: 'output', below: 'a b/.c/ü../' }],
])('%s is a directory', (text, directory) => {
  expect(isDirectoryRef(text)).toBe(true)
  expect(readDirectoryRef(text)).toEqual(directory)
  expect(readRef(text)).toBeUndefined()
})

test.each([
  'bulkway:session/',
  'bulkway:session//a',
  'bulkway:session/a/',
  'bulkway:session/.',
  'bulkway:session/../../other',
  'bulkway:session/a/..',
  'bulkway:output/a\\..\\b',
  'bulkway:output/a\0',
  'bulkway:output/a\nb',
  'bulkway:output/\ud800',
])('%j leads elsewhere', (text) => {
  expect(isDirectoryRef(text)).toBe(true)
  expect(readDirectoryRef(text)).toBeUndefined()
})

test.each(['bulkway:sessions', 'bulkway:outputs/a', 'Bulkway:session', 'bulkway:'])(
  '%s is no directory',
  (text) => {
    expect(isDirectoryRef(text)).toBe(false)
  },
)
