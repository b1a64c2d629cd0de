import { describe, expect, it } from 'vitest'
import type { Config, StoreConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/log.ts'
import { readSetting, writeSetting } from '../../src/operator/init/bucket-settings.ts'
import { setUpStore } from '../../src/operator/init/set-up-store.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import { fakeConfig } from '../flows/fake-deps.ts'

/** Servers as `dev/rgw.sh` and `dev/minio.sh` print them. */
const servers = [
  ['ceph', process.env['BULKWAY_TEST_RGW']],
  ['minio', process.env['BULKWAY_TEST_MINIO']],
] as const

const foreignRule =
  '<Rule><ID>logs of others</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status>' +
  '<Expiration><Days>3</Days></Expiration></Rule>'
const foreignCors =
  '<CORSRule><ID>others</ID><AllowedOrigin>https://other.example</AllowedOrigin>' +
  '<AllowedMethod>GET</AllowedMethod></CORSRule>'
const now = Date.parse('2026-11-21T12:00:00Z')

for (const [preset, server] of servers) {
  describe.runIf(server)(`a real ${preset}`, () => {
    const told = JSON.parse(server ?? '{}')
    const settings: StoreConfig = {
      id: 'main',
      kind: 's3',
      preset,
      endpoint: told.endpoint ?? 'http://127.0.0.1:1',
      region: told.region ?? '',
      bucket: told.bucket ?? '',
      pathStyle: true,
      presign: true,
      accessKeyId: new Secret(told.accessKeyId ?? ''),
      secretAccessKey: new Secret(told.secretAccessKey ?? ''),
    }
    const config: Config = {
      ...fakeConfig({ cors: { origins: ['https://app.example', 'https://b.example'] } }),
      stores: new Map([['main', settings]]),
    }
    const store = createS3Store(settings, createNodePlatform({ write() {} }), {
      idleTimeoutMs: 20_000,
      presignSeconds: 900,
    })
    const setUp = (dryRun = false) => setUpStore({ config, storeId: 'main', store, now, dryRun })
    const read = async (setting: 'lifecycle' | 'cors') => {
      const answer = await readSetting(store, setting)
      return answer.kind === 'read' ? answer.xml : answer.kind
    }
    const outcomes = async (dryRun = false) => (await setUp(dryRun)).map(({ outcome }) => outcome)

    it('is given rules beside those of others, which stay, once', async () => {
      const lifecycle = `<LifecycleConfiguration>${foreignRule}</LifecycleConfiguration>`
      expect(await writeSetting(store, 'lifecycle', lifecycle)).toEqual({ kind: 'written' })
      if (preset === 'ceph') {
        const cors = `<CORSConfiguration>${foreignCors}</CORSConfiguration>`
        expect(await writeSetting(store, 'cors', cors)).toEqual({ kind: 'written' })
      }
      const last = preset === 'ceph' ? ['planned', 'set', 'unchanged'] : Array(3).fill('impossible')
      expect(await outcomes(true)).toEqual(['planned', last[0]])
      expect(await read('lifecycle')).not.toContain('bulkway-')
      expect(await outcomes()).toEqual(['set', last[1]])
      const written = await read('lifecycle')
      expect(written).toContain('logs of others')
      expect(written.match(/<ID>bulkway-/g)).toHaveLength(21)
      if (preset === 'ceph') expect(await read('cors')).toContain('https://other.example')
      expect(await outcomes()).toEqual(['unchanged', last[2]])
    })

    it('lets a page of those origins put a part, and of no other', async () => {
      if (preset !== 'ceph') return
      const url = await store.presignGet('any', 60)
      const ask = async (origin: string) =>
        await fetch(url, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'PUT',
            'access-control-request-headers': 'content-type,x-amz-checksum-sha256',
          },
        })
      const answer = await ask('https://b.example')
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://b.example')
      const stranger = await ask('https://stranger.example')
      expect(stranger.headers.get('access-control-allow-origin')).toBeNull()
    })

    it('is left alone where keys of others would go', async () => {
      await store.put('2027-report.pdf', new Uint8Array(1))
      try {
        const [lifecycle] = await setUp()
        expect(lifecycle).toMatchObject({ outcome: 'refused' })
        expect(lifecycle?.detail).toContain('2027-report.pdf')
      } finally {
        await store.delete('2027-report.pdf')
      }
    })
  })
}
