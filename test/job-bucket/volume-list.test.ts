import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { openVolumes } from '../store/volume/volume-bed.ts'
import { openClient } from './open-client.ts'
import { serveBucket } from './serve-bucket.ts'

const outputs = 'real-day/real-grant/out/'

test.each([0, 1, 100])(
  'a volume whose listing repeats its token %i times is listed whole, once',
  async (repeatedTokens) => {
    const bed = await openVolumes(1)
    await using served = await serveBucket(undefined, () => bed.store)
    const client = openClient(served)
    try {
      served.change({ mounts: [{ path: '', key: outputs, mode: 'read-write' }] })
      const names = ['a', 'b', 'd/1', 'd/2', 'e/1', 'f', 'ｇ', '😀']
      for (const name of names) await bed.store.put(outputs + name, new Uint8Array(1))
      const list = async (options: object) => {
        Object.assign(bed.servers[0]?.quirks ?? {}, { repeatedTokens, pageKeys: 1 })
        const command = new ListObjectsV2Command({ Bucket: 'job_files', ...options })
        const { Contents = [], CommonPrefixes = [] } = await client.send(command)
        return [...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)]
      }
      expect(await list({})).toEqual(names)
      expect(await list({ Delimiter: '/' })).toEqual(['a', 'b', 'f', 'ｇ', '😀', 'd/', 'e/'])
      expect(await list({ Delimiter: '/', MaxKeys: 3 })).toEqual(['a', 'b', 'd/'])
      expect(await list({ StartAfter: 'd/1' })).toEqual(names.slice(3))
    } finally {
      client.destroy()
      await bed.close()
    }
  },
)
