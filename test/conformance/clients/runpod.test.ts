import { expect } from 'vitest'
import { beside, testClient } from './scene.ts'

testClient({
  client: 'rp_upload and rp_download of runpod',
  variable: 'BULKWAY_PYTHON',
  async drive({ url, accessId, accessSecret, run }, python) {
    const printed = await run(python, [beside('drive-runpod.py'), url, accessId, accessSecret])
    expect(printed).toContain('done')
  },
})
