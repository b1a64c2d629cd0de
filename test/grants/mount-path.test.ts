import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mount } from '../../src/grants/grant.ts'
import { realKey, virtualPath } from '../../src/grants/mount-path.ts'

const mounts: Mount[] = [
  { path: 'in/0-a.png', key: 'uploads/u1', mode: 'read' },
  { path: 'in/', key: 'd/stage/in/', mode: 'read' },
  { path: '', key: 'd/grant/out/', mode: 'read-write' },
]

describe('the real key of a path', () => {
  it('is that of the first mount that matches', () => {
    expect(realKey({ mounts }, 'in/0-a.png', 'read')).toBe('uploads/u1')
    expect(realKey({ mounts }, 'in/1-b.png', 'read')).toBe('d/stage/in/1-b.png')
    expect(realKey({ mounts }, 'in/0-a.png/x', 'read')).toBe('d/stage/in/0-a.png/x')
    expect(realKey({ mounts }, 'x/y.bin', 'read')).toBe('d/grant/out/x/y.bin')
    expect(realKey({ mounts }, 'x/y.bin', 'write')).toBe('d/grant/out/x/y.bin')
    expect(realKey({ mounts }, 'input/x', 'write')).toBe('d/grant/out/input/x')
  })

  it('is none for a write below a read mount, though a wider one is writable', () => {
    expect(realKey({ mounts }, 'in/0-a.png', 'write')).toBeUndefined()
    expect(realKey({ mounts }, 'in/new', 'write')).toBeUndefined()
  })

  it('is none outside of every mount', () => {
    expect(realKey({ mounts: mounts.slice(0, 2) }, 'x', 'read')).toBeUndefined()
    expect(realKey({ mounts: mounts.slice(0, 1) }, 'in/0-a.png2', 'read')).toBeUndefined()
    expect(realKey({ mounts: [] }, 'x', 'read')).toBeUndefined()
  })

  it('is none for paths that could leave a mount on a file system', () => {
    for (const path of ['', '.', '..', '../x', 'a/../x', 'a/..', './x', 'a/./b', 'in/', 'a\0b']) {
      expect(realKey({ mounts }, path, 'read'), path).toBeUndefined()
    }
    expect(realKey({ mounts }, 'a/..b/c.', 'read')).toBe('d/grant/out/a/..b/c.')
  })

  it('never lies outside of the mounts', () => {
    const segment = fc.constantFrom('in', '..', '.', '', 'a', '0-a.png')
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
        const key = realKey({ mounts }, segments.join('/'), 'write')
        if (key === undefined) return
        expect(key.startsWith('d/grant/out/')).toBe(true)
        expect(key.split('/')).not.toContain('..')
      }),
    )
  })
})

describe('the path of a real key', () => {
  it('leads back to that key', () => {
    expect(virtualPath({ mounts }, 'uploads/u1')).toBe('in/0-a.png')
    expect(virtualPath({ mounts }, 'd/stage/in/1-b.png')).toBe('in/1-b.png')
    expect(virtualPath({ mounts }, 'd/grant/out/x/y.bin')).toBe('x/y.bin')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        const key = realKey({ mounts }, path, 'read')
        if (key === undefined) return
        const found = virtualPath({ mounts }, key)
        expect(found && realKey({ mounts }, found, 'read')).toBe(key)
      }),
    )
  })

  it('is none where no path leads, or one that means another key', () => {
    for (const key of [
      'elsewhere',
      'uploads/u12',
      'd/grant/out/',
      'd/grant/out/../x',
      'd/stage/in/0-a.png',
      'd/grant/out/in/0-a.png',
      'd/grant/out/in/x',
      '',
    ]) {
      expect(virtualPath({ mounts }, key), key).toBeUndefined()
    }
  })
})
