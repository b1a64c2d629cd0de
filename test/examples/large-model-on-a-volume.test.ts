import { expect, test } from 'vitest'
import { play } from '../../examples/large-model-on-a-volume/local.ts'

test('weights are pushed once, resumed and verified, and three workers load them', async () => {
  const { facts, table } = await play('small', () => {})

  expect(facts.filter(({ good }) => !good)).toEqual([])
  expect(facts).toHaveLength(8)
  expect(table?.trim().split('\n')).toHaveLength(2 + 6)
})
