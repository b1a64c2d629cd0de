import { expect } from 'vitest'
import { testClient } from './scene.ts'

testClient({
  client: 'aws-sdk-go-v2',
  variable: 'BULKWAY_AWS_SDK_GO',
  async drive({ place, url, accessId, accessSecret, bucket, run }, program) {
    const printed = await run(program, [url, accessId, accessSecret, bucket])
    expect(printed).toContain('accept-encoding signed')
    const form = place.scheme === 'http' ? 'literal:' : 'STREAMING-UNSIGNED-PAYLOAD-TRAILER:'
    expect(printed).toContain(form)
    expect(printed).toContain('done')
  },
})
