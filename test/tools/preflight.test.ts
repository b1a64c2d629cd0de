import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../tools/preflight.cjs', import.meta.url))

function runAs(version: string) {
  const code = `Object.defineProperty(process.versions, 'node', { value: '${version}' })
    require(${JSON.stringify(script)})`
  return spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' })
}

it.each(['22.18.0', '24.21.0', '26.0.0'])('says nothing on Node %s', (version) => {
  expect(runAs(version)).toMatchObject({ status: 0, stdout: '', stderr: '' })
})

it.each(['16.20.2', '20.20.2', '22.17.9'])('says which Node is needed on Node %s', (version) => {
  const { status, stderr } = runAs(version)
  expect(status).toBe(1)
  expect(stderr).toMatch(
    new RegExp(`^Bulkway needs Node 22\\.18 or newer, and this is ${version}:`),
  )
  expect(stderr.trim().split('\n')).toHaveLength(1)
})
