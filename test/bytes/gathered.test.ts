import { expect, it } from 'vitest'
import { Gathered } from '../../src/bytes/gathered.ts'

it('gathers chunks of any size, which may change afterwards, and begins anew', () => {
  const gathered = new Gathered()
  for (const lengths of [[], [0, 1, 300, 2], [5], [255, 1, 1], [70_000, 1]]) {
    const expected: number[] = []
    for (const length of lengths) {
      const chunk = Uint8Array.from({ length }, (_, at) => at % 251)
      expected.push(...chunk)
      gathered.append(chunk)
      chunk.fill(255)
    }
    const taken = gathered.take()
    expect([...taken]).toEqual(expected)
    gathered.append(Uint8Array.of(9))
    expect([...taken]).toEqual(expected)
    expect([...gathered.take()]).toEqual([9])
  }
})
