import { beforeEach, describe, expect, test } from 'vitest'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { makeFileLink } from '../../../src/outputs/file-link.ts'
import { outputPrefix } from '../../../src/store/keys.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

let gateway: FakeGateway
let sealed: string

beforeEach(async () => {
  gateway = fakeGateway()
  const { deps, store, clock } = gateway
  await readReply(await submitJob(deps, callOf('demo', '{"input":{}}'), 'run'))
  const grant = await deps.grants.find('demo', 'job-1')
  if (grant === undefined) throw new Error('no grant')
  await store.put(`${outputPrefix(grant)}a.json`, new Uint8Array(100))
  const link = await makeFileLink({
    keyring: deps.keyring,
    publicUrl: 'https://gateway.example',
    grantId: grant.grantId,
    path: 'a.json',
    expiresAt: clock.now + 600_000,
  })
  sealed = link.split('/').at(-2) ?? ''
})

const read = (method: 'GET' | 'HEAD') => readFile(gateway.deps, method, sealed, new Headers())

describe('a file', () => {
  test('that its worker stored compressed says so, and no length', async () => {
    const send = gateway.store.send.bind(gateway.store)
    gateway.store.send = async (request) => {
      const response = await send(request)
      response.headers.set('content-encoding', 'gzip')
      return response
    }
    for (const method of ['GET', 'HEAD'] as const) {
      const { status, headers } = await read(method)
      expect(status).toBe(200)
      expect(headers.get('content-encoding')).toBe('gzip')
      expect(headers.has('content-length')).toBe(false)
    }
  })

  test('that was stored as it is has its length', async () => {
    for (const method of ['GET', 'HEAD'] as const) {
      const { headers } = await read(method)
      expect(headers.has('content-encoding')).toBe(false)
      expect(headers.get('content-length')).toBe('100')
    }
  })
})
