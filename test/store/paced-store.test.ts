import { describe, expect, it } from 'vitest'
import { createTurns, pacedStore } from '../../src/store/paced-store.ts'
import { MemoryStore } from '../intake/memory-store.ts'

describe('a paced store', () => {
  it('does what the store does, once it is its turn', async () => {
    const turns: string[] = []
    const store = new MemoryStore()
    const paced = pacedStore(store, async (method) => void turns.push(method))
    await paced.put('a', new Uint8Array(3))
    expect((await paced.get('a', 10))?.bytes.length).toBe(3)
    await paced.delete('a')
    expect(paced.id).toBe('main')
    expect(turns).toEqual(['put', 'get', 'delete'])
    expect(store.objects.size).toBe(0)
  })

  it('makes no request whose turn does not come', async () => {
    const store = new MemoryStore()
    const paced = pacedStore(store, async () => {
      throw new Error('over')
    })
    await expect(paced.put('a', new Uint8Array(3))).rejects.toThrow('over')
    expect(store.objects.size).toBe(0)
  })
})

describe('turns', () => {
  it('are spread evenly, and saved up by nobody', async () => {
    let now = 1000
    const waits: number[] = []
    const turn = createTurns({
      perSecond: 10,
      now: () => now,
      wait: async (ms) => void waits.push(ms),
    })
    for (let count = 0; count < 4; count++) await turn()
    expect(waits).toEqual([100, 200, 300])
    now = 5000
    await turn()
    await turn()
    expect(waits).toEqual([100, 200, 300, 100])
  })
})
