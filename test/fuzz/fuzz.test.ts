import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { explore, minimise } from './explore.ts'
import { Disagreement, latin1, seed, type Target } from './target.ts'
import { TARGETS } from './targets.ts'

const SMOKE_MS = 2000
const SMOKE_RUNS = 3000

function regressionsOf(name: string): string[] {
  const folder = new URL(`regressions/${name}/`, import.meta.url)
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((file) => new URL(file, folder).pathname)
}

describe.each(Object.entries(TARGETS))('the fuzzed %s', (name, load) => {
  it.each(regressionsOf(name))('agrees with its reference on %s', async (path) => {
    const { target } = await load()
    target.check(Uint8Array.from(readFileSync(path)))
  })

  it('agrees with its reference on the seeds and their first mutants', async () => {
    const { target } = await load()
    const startedAt = performance.now()
    const { failure, runs } = explore({
      target,
      seed: 1,
      goesOn: ({ runs }) => runs < SMOKE_RUNS && performance.now() - startedAt < SMOKE_MS,
    })
    if (failure !== undefined) throw minimise(target, failure).error
    expect(runs).toBeGreaterThanOrEqual(target.seeds.length)
  })
})

describe('the fuzzer', () => {
  const target: Target = {
    seeds: [seed([0], 'abc')],
    dictionary: [],
    check(input) {
      if (latin1(input).includes('z')) throw new Disagreement('a z', 'none', latin1(input))
    },
  }

  it('finds a failure, the same for the same seed, and makes it small', () => {
    const found = [5, 5].map((one) => explore({ target, seed: one, goesOn: () => true }))
    const [first, second] = found
    expect(first).toEqual(second)
    if (first?.failure === undefined) throw new Error('nothing found')
    expect(latin1(minimise(target, first.failure).input)).toBe('z')
  })
})
