import { expect, test } from 'vitest'
import { fakeConfig } from '../flows/fake-deps.ts'

const withTrain = (train: unknown) =>
  fakeConfig({ endpoints: { '*': { upstream: 'https://upstream.example/v2' }, train } })

test('sessions have defaults', () => {
  const { sessions, volumeWrites } =
    withTrain({ store: 'main', sessions: {} }).endpoint('train') ?? {}
  expect(volumeWrites).toBe(true)
  expect(sessions).toEqual({
    exclusive: true,
    keepSeconds: 2_592_000,
    waitSeconds: 60,
    maxBytes: 1_099_511_627_776,
    maxObjects: 100_000,
  })
})

test.each([
  ['without a store', { sessions: {} }, '/endpoints/train/store'],
  [
    'with access "none"',
    { store: 'main', access: 'none', sessions: {} },
    '/endpoints/train/sessions',
  ],
  [
    'where the worker has no keys',
    { store: 'main', s3Config: 'never', as: 'url', sessions: {} },
    '/endpoints/train/sessions',
  ],
  [
    'that wait too long',
    { store: 'main', sessions: { waitSeconds: 601 } },
    '/sessions/waitSeconds',
  ],
])('sessions %s are a fault', (_, train, pointer) => {
  expect(() => withTrain(train)).toThrow(pointer)
})
