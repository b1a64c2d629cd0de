import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { beside, testClient } from './scene.ts'

const module = fileURLToPath(new URL('../../../workers/python', import.meta.url))

testClient({
  client: 'the cache of bulkway_worker.py',
  variable: 'BULKWAY_PYTHON',
  async drive({ url, accessId, accessSecret, run }, python) {
    const script = beside('drive-worker-cache.py')
    const env = { PYTHONPATH: module, PYTHONDONTWRITEBYTECODE: '1' }
    const printed = await run(python, [script, url, accessId, accessSecret], env)
    expect(printed).toContain('all is well')
  },
})
