import { describe, expect, test } from 'vitest'
import {
  keyOfPath,
  ownKey,
  sharedKey,
  volumeKey,
  workerPath,
} from '../../../src/store/volume/volume-path.ts'

const volume = { prefix: 'bulkway/', mountPath: '/runpod-volume', sharedPaths: ['models/', 'a/b/'] }

describe('where keys lie on a volume', () => {
  test.each([
    ['2026-11-22/abc/in/0-image.png', 'bulkway/2026-11-22/abc/in/0-image.png'],
    ['shared/models/weights.bin', 'models/weights.bin'],
    ['', 'bulkway/'],
  ])('%s', (key, onVolume) => {
    expect(volumeKey(volume, key)).toBe(onVolume)
    expect(ownKey(volume, onVolume)).toBe(key)
    if (key === '') return
    expect(workerPath(volume, key)).toBe(`/runpod-volume/${onVolume}`)
    expect(keyOfPath(volume, `/runpod-volume/${onVolume}`)).toBe(key)
  })

  test.each([
    '/elsewhere/bulkway/x',
    '/runpod-volumes/bulkway/x',
    '/runpod-volume',
    '/runpod-volume/',
    '/runpod-volume//bulkway/x',
    '/runpod-volume/bulkway/../x',
    '/runpod-volume/bulkway/./x',
    '/runpod-volume/bulkway/x/',
    '/runpod-volume/bulkway/x\ny',
    '/runpod-volume/bulkway/x\u0085y',
    // It would be read at the root of the volume.
    '/runpod-volume/bulkway/shared/models/x',
    '/runpod-volume/bulkway/x\ud800',
  ])('%j is the path of no key', (path) => {
    expect(keyOfPath(volume, path)).toBeUndefined()
  })
})

describe('names of their own', () => {
  test('lie in a shared folder', () => {
    expect(sharedKey(volume, 'models/llama/weights.safetensors')).toBe(
      'shared/models/llama/weights.safetensors',
    )
    expect(sharedKey(volume, 'a/b/c')).toBe('shared/a/b/c')
  })

  test.each(['weights.bin', 'model/x', 'a/c', 'bulkway/models/x', 'xmodels/y', '/models/x'])(
    '%s lies in none',
    (name) => {
      expect(sharedKey(volume, name)).toBeUndefined()
    },
  )

  test.each([
    'models/../bulkway/x',
    'models/./x',
    'models//x',
    'models/',
    'models/x/',
    'models/x\0y',
    'models/x\ud800',
    'models/\udc00x',
    'models/x\u007fy',
    `models/${'x'.repeat(256)}`,
    `models/${'xy/'.repeat(400)}z`,
  ])('%j is no name', (name) => {
    expect(() => sharedKey(volume, name)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  })
})
