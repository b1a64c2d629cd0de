import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Admission } from '../../src/flows/admit.ts'
import { placeContent } from '../../src/flows/content/place-content.ts'
import type { Deps } from '../../src/flows/deps.ts'
import type { LiftedRequest } from '../../src/flows/lift-payloads.ts'
import { openVolumes } from '../store/volume/volume-bed.ts'
import { callOf } from './fake-deps.ts'
import { uploadGateway } from './uploads/upload-bed.ts'

test('content that one of several volumes lacks is put there', async () => {
  const bed = await openVolumes(2)
  try {
    const { deps } = uploadGateway()
    const stores = new Map([...deps.config.stores, ['volume', bed.config] as const])
    const both: Deps = { ...deps, config: { ...deps.config, stores }, store: () => bed.store }
    const bytes = new TextEncoder().encode('pixels')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const endpoint = { ...deps.config.endpoint('demo'), storeId: 'volume' }
    const principal = { ids: async () => ['somebody'] }
    const admission = { endpoint, principal } as unknown as Admission
    const place = async (stageId: string) => {
      const key = `2026-11-22/${stageId}/in/0-image.png`
      await bed.store.put(key, bytes)
      const files = [{ key, bytes: bytes.length, contentType: 'image/png', sha256 }]
      const lifted = { staged: [], files, refs: [], stageDay: '2026-11-22', stageId }
      const call = callOf('demo')
      const { content } = await placeContent(
        both,
        call,
        admission,
        lifted as unknown as LiftedRequest,
        '2026-11-22',
      )
      return content[0]?.key ?? ''
    }
    const key = await place('abcdefghijklmnopqrstuvwxyz')
    await rm(join(bed.directories[1] ?? '', 'bulkway', key))
    expect(await place('bbcdefghijklmnopqrstuvwxyz')).toBe(key)
    const copy = await readFile(join(bed.directories[1] ?? '', 'bulkway', key), 'utf8')
    expect(copy).toBe('pixels')
  } finally {
    await bed.close()
  }
})
