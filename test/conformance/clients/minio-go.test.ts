import { expect } from 'vitest'
import { testClient } from './scene.ts'

// It takes no path in an endpoint, so the bucket has a host of its own.
testClient({
  client: 'minio-go',
  variable: 'BULKWAY_MINIO_GO',
  path: '',
  async drive({ place, url, accessId, accessSecret, bucket, run }, program) {
    const printed = await run(program, [url, accessId, accessSecret, bucket])
    const form =
      place.scheme === 'http'
        ? ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD:', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER:']
        : ['STREAMING-UNSIGNED-PAYLOAD-TRAILER:']
    for (const one of form) expect(printed).toContain(one)
    expect(printed).toContain('done')
  },
})
