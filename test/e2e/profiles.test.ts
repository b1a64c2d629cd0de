import { expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf, sha256 } from './payload.ts'
import { storeKind } from './project.ts'

const page = 'https://staging-app.example.com'

const stack = useStack({
  worker: 'sample',
  env: { BULKWAY_PROFILE: 'staging' },
  config: ({ stateStore, ...document }) => ({
    ...document,
    cors: { origins: ['https://app.example.com'], maxAgeSeconds: 300 },
    // Nothing without its profile: there is no state store.
    profiles: {
      staging: {
        stateStore,
        stores: { main: { kind: storeKind === 'rgw' ? 'ceph' : 'r2', pathStyle: null } },
        endpoints: { always: { as: null }, demo: { stage: 'always' } },
        cors: { origins: [page] },
      },
      production: { stateStore: 'nowhere' },
    },
  }),
})

test('a gateway started with a profile is as the profile has it, on a store of a named kind', async () => {
  const asking = await stack.call('OPTIONS', '/v2/demo/run', {
    headers: { origin: page, 'access-control-request-method': 'POST' },
  })
  expect(asking.headers['access-control-allow-origin']).toBe(page)
  expect(asking.headers['access-control-max-age']).toBe('300')

  const file = bytesOf(3_000_000)
  const input = { task: 'digest', file: file.toString('base64') }
  const jobId = await stack.submitted('demo', { input })
  const settled = await stack.settled('demo', jobId)
  expect(json(settled)['status'], settled.text).toBe('COMPLETED')
  expect(settled.text).toContain(sha256(file))
})
