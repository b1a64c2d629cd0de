import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const run = promisify(execFile)
const script = new URL('../../dev/rgw.sh', import.meta.url).pathname
const folder = await mkdtemp(join(tmpdir(), 'rgw-test-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const thumbprint = 'a'.repeat(40)

test('is valid bash', async () => {
  await run('bash', ['-n', script])
})

test.each([[[]], [['start', folder]], [['provider', folder, 'http://127.0.0.1:1', 'client']]])(
  '%j is answered with the usage',
  async (args) => {
    await expect(run(script, args)).rejects.toThrow('usage: rgw.sh start DIR PORT')
  },
)

test.each([
  ['127.0.0.1:1', 'client', thumbprint, 'not an issuer'],
  ['http://127.0.0.1:1/', 'client', thumbprint, 'not an issuer'],
  ['http://127.0.0.1:1/"', 'client', thumbprint, 'not an issuer'],
  ['http://127.0.0.1:1', 'a client', thumbprint, 'not a client id'],
  ['http://127.0.0.1:1', 'client', 'abc', 'not the SHA-1'],
  ['http://127.0.0.1:1', 'client', thumbprint, 'no server runs in'],
])('provider %s %s %s says: %s', async (issuer, client, print, message) => {
  await expect(run(script, ['provider', folder, issuer, client, print])).rejects.toThrow(message)
})

test('stop of a folder that is not there does nothing', async () => {
  const { stdout } = await run(script, ['stop', join(folder, 'none')])
  expect(stdout).toBe('')
})
