import { expect, test } from 'vitest'
import { play } from '../../examples/stateful-training/local.ts'

test('a training goes on over jobs and workers, one job at a time', async () => {
  const { facts, pictures } = await play('small', () => {})

  expect(facts.filter(({ good }) => !good)).toEqual([])
  expect(facts).toHaveLength(9)
  expect(pictures['training.svg']).toContain('worker-2 is killed')
})
