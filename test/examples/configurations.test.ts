import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/read-config.ts'

const root = fileURLToPath(new URL('../../examples', import.meta.url))
const masterKeys = `k1:${Buffer.alloc(32, 7).toString('base64')}`
const configurations = readdirSync(root, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('bulkway.jsonc'))

test.each(configurations)('%s is a configuration as it stands', (path) => {
  const text = readFileSync(join(root, path), 'utf8')
  const config = readConfig(text, (name) => (name === 'BULKWAY_MASTER_KEYS' ? masterKeys : name))

  expect(config.publicUrl).toBe('https://gateway.example')
})
