import { beforeEach, describe, expect, it } from 'vitest'
import { holderOf, isLeft, takeTurn } from '../../src/uploads/kept-name.ts'
import { MemoryStore } from '../intake/memory-store.ts'

const key = 'persist/0123/demo/models/v1.bin'
let store: MemoryStore
let now: number

const take = () => takeTurn(store, key, () => now)

async function taken() {
  const turn = await take()
  if (turn === undefined) throw new TypeError('The turn is taken')
  return turn
}

beforeEach(() => {
  store = new MemoryStore()
  now = 1_000
})

describe('the turn to write a kept file', () => {
  it('is one request’s at a time, and names the file’s upload when it ends', async () => {
    const all = await Promise.all([take(), take(), take()])
    const [turn, ...others] = all.filter((one) => one !== undefined)
    expect(others).toEqual([])
    expect(await take()).toBeUndefined()
    expect(await isLeft(store, key, now)).toBe(false)
    await turn?.end('one')
    expect(await isLeft(store, key, now)).toBe(true)
    expect(await holderOf(store, key)).toBe('one')
    expect((await taken()).holder).toBe('one')
  })

  it('ends by itself, and who has lost it writes nothing more', async () => {
    const lost = await taken()
    now += 299_000
    await lost.renew()
    now += 299_000
    expect(await take()).toBeUndefined()
    now += 1_000
    const turn = await taken()
    for (const late of [() => lost.renew(), () => lost.end('late'), () => lost.end(undefined)]) {
      await expect(late()).rejects.toMatchObject({ code: 'store_unavailable' })
    }
    await turn.end('next')
    expect(await holderOf(store, key)).toBe('next')
  })

  it('leaves nothing when the name is nobody’s', async () => {
    await (await taken()).end('one')
    await (await taken()).end(undefined)
    expect(store.objects.size).toBe(0)
    expect(await holderOf(store, key)).toBeUndefined()
  })
})
