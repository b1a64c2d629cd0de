import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { beside, testClient } from './scene.ts'

const module = fileURLToPath(new URL('../../../workers/python', import.meta.url))

for (const [client, variable] of [
  ['bulkway_worker.py', 'BULKWAY_PYTHON'],
  ['bulkway_worker.py with boto3 1.35', 'BULKWAY_PYTHON_BOTO3_1_35'],
] as const) {
  testClient({
    client,
    variable,
    async drive({ url, accessId, accessSecret, run }, python) {
      const script = beside('drive-worker-wrapper.py')
      const env = { PYTHONPATH: module, PYTHONDONTWRITEBYTECODE: '1' }
      const printed = await run(python, [script, url, accessId, accessSecret], env)
      expect(printed).toContain('all is well')
    },
  })
}
