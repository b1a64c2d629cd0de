import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { createBufferPool } from '../../src/store/buffer-pool.ts'
import { createPresign } from '../../src/store/presign.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import { createStagedWriter } from '../../src/store/staged-writer.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { objectStoreContract } from '../contracts/object-store.ts'
import { configOf, startLocalR2 } from './local-r2.ts'

const platform = createNodePlatform({ write() {} })
const options = { idleTimeoutMs: 20_000, presignSeconds: 900 }
const partBytes = 6 * 1024 * 1024

let r2: Awaited<ReturnType<typeof startLocalR2>>
let store: ObjectStore

beforeAll(async () => {
  r2 = await startLocalR2()
  store = createS3Store(r2.config, platform, options)
}, 90_000)

afterAll(async () => {
  await r2.stop()
})

objectStoreContract('Local R2', () => store, { partBytes, overridesHeaders: false })

describe('Local R2', () => {
  test.for([0, 1, partBytes, partBytes + 1, 3 * partBytes])(
    'takes a staged payload of %i bytes',
    async (length) => {
      const writer = createStagedWriter({
        store,
        pool: createBufferPool({ parts: 3, partBytes, mayWait: true }),
        name: () => ({ key: `staged/${length}`, contentType: 'text/x-staged' }),
        partBytes,
        partsInFlight: 2,
        platform,
      })
      const chunk = Uint8Array.from({ length: 100_003 }, (_, at) => at % 251)
      const hash = platform.sha256()
      for (let left = length; left > 0; left -= chunk.length) {
        const cut = chunk.subarray(0, left)
        await hash.update(cut)
        await writer.write(cut)
      }
      const { key } = await writer.finish()
      const answer = await store.send({ method: 'GET', key })
      expect(answer.headers.get('content-type')).toBe('text/x-staged')
      const stored = platform.sha256()
      for (;;) {
        const read = await answer.body.read()
        if (read === undefined) break
        await stored.update(read)
      }
      expect(await stored.digest()).toEqual(await hash.digest())
      await writer.abort()
      expect(await store.get(key, 1)).toBeUndefined()
    },
  )

  test('refuses a request whose signed length, type or key was altered', async () => {
    const headers = { 'content-type': 'text/plain', 'content-length': '3' }
    const presign = createPresign(r2.config)
    const url = await presign({ method: 'PUT', key: 'signed', headers }, Date.now(), 60)
    const put = async (to: string, type: string, body: string) => {
      const answer = await fetch(to, { method: 'PUT', headers: { 'content-type': type }, body })
      return answer.status
    }
    expect(await put(url, 'text/html', 'abc')).toBe(403)
    expect(await put(url, 'text/plain', 'abcd')).toBe(403)
    expect(await put(url.replace('/signed?', '/other?'), 'text/plain', 'abc')).toBe(403)
    expect(await put(url, 'text/plain', 'abc')).toBe(200)
  })
})

/** JSON of `dev/rgw.sh start`, to run the contract on Ceph RGW as well. */
const rgw = process.env['BULKWAY_TEST_RGW']
if (rgw !== undefined) {
  const ceph = createS3Store(configOf(JSON.parse(rgw)), platform, options)
  objectStoreContract('Ceph RGW', () => ceph, { partBytes, overridesHeaders: true })
}
