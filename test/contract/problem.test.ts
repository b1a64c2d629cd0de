import { expect, it } from 'vitest'
import description from '../../src/contract/openapi.gen.json' with { type: 'json' }
import { PROBLEMS } from '../../src/errors.ts'

it('describes every problem code, and no other', () => {
  expect(description.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(PROBLEMS))
})
