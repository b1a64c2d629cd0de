import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'daemon-test-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const pathOf = (script: string) => new URL(`../../dev/${script}`, import.meta.url).pathname

test.each(['daemon.sh', 'rgw.sh', 'minio.sh'])('%s is valid bash', async (script) => {
  await run('bash', ['-n', pathOf(script)])
})

describe.each([
  ['rgw.sh', 'start DIR PORT', ['a'.repeat(40)]],
  ['minio.sh', 'build | start DIR PORT', []],
])('%s', (script, usage, trust) => {
  const path = pathOf(script)

  test.each([[[]], [['start', folder]], [['provider', folder, 'http://127.0.0.1:1']]])(
    'answers %j with the usage',
    async (args) => {
      await expect(run(path, args)).rejects.toThrow(`usage: ${script} ${usage}`)
    },
  )

  test.each([
    ['127.0.0.1:1', 'client', 'not an issuer'],
    ['http://127.0.0.1:1/', 'client', 'not an issuer'],
    ['http://127.0.0.1:1/"', 'client', 'not an issuer'],
    ['http://127.0.0.1:1', 'a client', 'not a client id'],
    ['http://127.0.0.1:1', 'client', 'no server runs in'],
  ])('provider %s %s says: %s', async (issuer, client, message) => {
    const args = ['provider', folder, issuer, client, ...trust]
    await expect(run(path, args)).rejects.toThrow(message)
  })

  test.each(['0', '65536', '80a', '-1'])('start on port %s says: not a port', async (port) => {
    await expect(run(path, ['start', folder, port])).rejects.toThrow(`not a port: ${port}`)
  })

  test('stop of a folder that is not there does nothing', async () => {
    const { stdout } = await run(path, ['stop', join(folder, 'none')])
    expect(stdout).toBe('')
  })
})

test.each([
  [[], 'usage: rgw.sh start DIR PORT'],
  [['abc'], 'not the SHA-1'],
])('rgw.sh provider with %j for a thumbprint says: %s', async (trust, message) => {
  const args = ['provider', folder, 'http://127.0.0.1:1', 'client', ...trust]
  await expect(run(pathOf('rgw.sh'), args)).rejects.toThrow(message)
})
