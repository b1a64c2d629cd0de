import { expect } from 'vitest'
import { testClient } from './scene.ts'

testClient({
  client: 'aws-sdk-go-v2',
  variable: 'BULKWAY_AWS_SDK_GO',
  async drive({ url, accessId, accessSecret, bucket, run }, program) {
    const printed = await run(program, [url, accessId, accessSecret, bucket])
    expect(printed).toContain('accept-encoding signed')
    expect(printed).toContain('done')
  },
})
