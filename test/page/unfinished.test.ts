import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  callerMark,
  createUploadMemory,
  forgetUnfinished,
  listUnfinished,
} from '../../src/page/unfinished.ts'

/** As a browser's: what it holds are its own keys. */
class FakeStorage {
  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? `${Reflect.get(this, key)}` : null
  }
  setItem(key: string, value: string): void {
    Reflect.set(this, key, value)
  }
  removeItem(key: string): void {
    Reflect.deleteProperty(this, key)
  }
}
const traits = { name: 'a.png', size: 5, lastModified: 1 }
const token = (claims: object, signature: string) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
let storage: Storage

beforeEach(() => {
  storage = new FakeStorage() as unknown as Storage
})
afterEach(() => {
  vi.useRealTimers()
})
async function begin(caller: string, uploadId: string) {
  const about = () => ({ ...traits, endpointId: 'demo', path: 'image', caller })
  const memory = createUploadMemory(storage, about)
  const before = await memory.getItem('bulkway:x')
  await memory.setItem('bulkway:x', uploadId)
  memory.note({ uploadId })
  return { memory, before }
}

describe('What is unfinished', () => {
  test('is told apart by who began it', async () => {
    const [one, other] = [callerMark('rpa_one'), callerMark('rpa_other')]
    await begin(one, 'u1')
    expect((await begin(other, 'u2')).before).toBeNull()
    expect((await begin(one, 'u1')).before).toBe('u1')

    expect(listUnfinished(storage, 'demo', one)).toMatchObject([{ uploadId: 'u1', path: 'image' }])
    expect(listUnfinished(storage, 'demo', other)).toMatchObject([{ uploadId: 'u2' }])
    expect(listUnfinished(storage, 'else', one)).toEqual([])
    expect(JSON.stringify(storage)).not.toMatch(/rpa_/)
    forgetUnfinished(storage, 'u1')
    expect(listUnfinished(storage, 'demo', one)).toEqual([])
  })

  test('stays when a client token is renewed', () => {
    const first = callerMark(token({ sub: 'web:7', exp: 1 }, 'a'))
    expect(callerMark(token({ sub: 'web:7', exp: 2 }, 'b'))).toBe(first)
    expect(callerMark(token({ sub: 'web:8', exp: 1 }, 'a'))).not.toBe(first)
    expect(callerMark('not.a.token')).not.toBe(callerMark('not.b.token'))
    expect(first).toMatch(/^[0-9a-f]{12}$/)
  })

  test('is forgotten after the time that an upload can stay open', async () => {
    vi.useFakeTimers({ now: 0 })
    await begin('c', 'u1')
    vi.setSystemTime(7 * 86_400_000)
    expect(listUnfinished(storage, 'demo', 'c')).toHaveLength(1)
    vi.setSystemTime(9 * 86_400_000)
    expect(listUnfinished(storage, 'demo', 'c')).toEqual([])
    expect(Object.keys(storage)).toEqual([])
  })

  test('fails nothing where there is no more room for it', async () => {
    const { memory } = await begin('c', 'u1')
    storage.setItem = () => {
      throw new DOMException('Full', 'QuotaExceededError')
    }
    memory.note({ path: 'mask' })
  })
})
