import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { PRESETS } from '../../src/config/presets.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { presetsIn } from '../../tools/stores.ts'

const page = await readFile(new URL('../../docs/stores.md', import.meta.url), 'utf8')
const sections = new Map(
  page.split(/^## /m).map((text) => [text.slice(0, text.indexOf('\n')), text] as const),
)

test('docs/stores.md has the table of the presets', () => {
  expect(page).toContain('| [`r2`](#r2) |')
  expect(presetsIn(page), 'run `npm run generate`').toBe(page)
})

describe.each(Object.keys(PRESETS))('docs/stores.md on %s', (kind) => {
  const section = sections.get(kind) ?? ''

  test('has a configuration that is taken as it stands, with keys', () => {
    const [, written = ''] = /```jsonc\n([\s\S]+?)```/.exec(section) ?? []
    const keys = '"accessKeyId": { "env": "ID" }, "secretAccessKey": { "env": "SECRET" }'
    const state = `{ "kind": "aws", "region": "eu-west-1", "bucket": "state", ${keys} }`
    const document = `{
      "publicUrl": "https://gateway.example",
      "stores": { "main": ${written.trim().replace(/\s*\}$/, `, ${keys} }`)}, "state": ${state} },
      "stateStore": "state",
      "endpoints": { "*": { "store": "main" } },
      "auth": { "mode": "passthrough" },
      "masterKeys": { "env": "KEYS" },
    }`
    const config = readConfig(document, () => `k1:${btoa('a'.repeat(32))}`)
    expect(config.stores.get('main')).toMatchObject({ preset: kind })
  })

  test('says where it is from', () => {
    expect(section).toMatch(kind === 's3' ? /way out/ : /Source: (run; )?\[/)
  })
})
