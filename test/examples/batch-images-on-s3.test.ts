import { expect, test } from 'vitest'
import { play } from '../../examples/batch-images-on-s3/local.ts'

test('two hundred photographs go through S3, and nothing large through the API', async () => {
  const { facts, pictures } = await play('small', () => {})

  expect(facts.filter(({ good }) => !good)).toEqual([])
  expect(facts).toHaveLength(6)
  // Each has a row of five spans.
  expect(`${pictures['timeline.svg']}`.match(/<rect x=/g)?.length).toBeGreaterThan(800)
})
