import { expect } from 'vitest'
import { beside, testClient } from './scene.ts'

for (const [client, variable] of [
  ['boto3', 'BULKWAY_PYTHON'],
  ['boto3 1.35', 'BULKWAY_PYTHON_BOTO3_1_35'],
] as const) {
  testClient({
    client,
    variable,
    async drive({ url, accessId, accessSecret, run }, python) {
      const printed = await run(python, [beside('drive-boto3.py'), url, accessId, accessSecret])
      expect(printed).toContain('done')
    },
  })
}
