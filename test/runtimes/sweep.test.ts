import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoreConfig } from '../../src/config/config.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { startLocalR2 } from '../store/local-r2.ts'

const grantId = 'aeaqaaaaaaaaaaaaaaaaaaaaaa'
let directory: string
let local: { config: StoreConfig; stop(): Promise<void> }
let store: ObjectStore

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-sweep-'))
  local = await startLocalR2()
  const options = { idleTimeoutMs: 20_000, presignSeconds: 900 }
  store = createS3Store(local.config, createNodePlatform({ write() {} }), options)
}, 90_000)
afterAll(async () => {
  await local.stop()
  await rm(directory, { recursive: true, force: true })
})

/** Writes a configuration and gives its path. */
async function configFile(endpoint = local.config.endpoint): Promise<string> {
  const { region, bucket } = local.config
  const secret = { env: 'STORE_SECRET' }
  const main = { kind: 's3', endpoint, region, bucket, pathStyle: true }
  const document = {
    publicUrl: 'https://gateway.example',
    stores: { main: { ...main, accessKeyId: { env: 'STORE_ID' }, secretAccessKey: secret } },
    stateStore: 'main',
    endpoints: { '*': {} },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
  }
  const path = join(directory, `${crypto.randomUUID()}.jsonc`)
  await writeFile(path, `// comments are welcome\n${JSON.stringify(document)}`)
  return path
}

/** Runs the command as an operator does. */
async function sweep(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['src/runtimes/sweep.ts', ...args], {
    env: {
      PATH: process.env['PATH'],
      STORE_ID: local.config.accessKeyId.reveal(),
      STORE_SECRET: local.config.secretAccessKey.reveal(),
      KEYS: `k1:${btoa('a'.repeat(32))}`,
      ...env,
    },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  return { code, out, err }
}

describe('the sweep command', () => {
  test('explains itself', async () => {
    const { code, out } = await sweep(['--help'])
    expect(code).toBe(0)
    expect(out).toContain('Usage: npm run sweep')
  })

  test('refuses what it does not understand, and touches nothing', async () => {
    const key = `2020-01-01/${grantId}/in/0-refused.bin`
    await store.put(key, new Uint8Array(1))
    const env = { BULKWAY_CONFIG: await configFile() }
    const wrong = ['--limit many', '--limit 0', 'now', '--limt 5', '--limit 5 --dry yes']
    const refusals = await Promise.all(
      wrong.map(async (args) => ({ args, ...(await sweep(args.split(' '), env)) })),
    )
    const accepted = refusals.filter(({ code }) => code !== 2).map(({ args }) => args)
    expect(accepted).toEqual([])
    for (const { args, err } of refusals) expect(err).toContain(`Cannot understand: ${args}`)
    expect(await store.get(key, 10)).toBeDefined()
  })

  test('refuses a time that is none', async () => {
    const { code } = await sweep([], { BULKWAY_SWEEP_NOW: 'tomorrow' })
    expect(code).toBe(2)
  })

  test('says that there is no configuration', async () => {
    const missing = [{}, { BULKWAY_CONFIG: join(directory, 'none') }]
    for (const { code, out, err } of await Promise.all(missing.map((env) => sweep([], env)))) {
      expect(code).toBe(1)
      expect(out).toBe('')
      expect(err).toMatch(/BULKWAY_CONFIG|configuration file/)
    }
  })

  test('removes what is due, keeps what is not, and says how much', async () => {
    const due = `2020-01-02/${grantId}/out/due.bin`
    const later = `2099-01-02/${grantId}/out/later.bin`
    const foreign = 'elsewhere/file.bin'
    for (const key of [due, later, foreign]) await store.put(key, new Uint8Array(1))
    const { code, out } = await sweep([], { BULKWAY_CONFIG: await configFile() })
    expect(code).toBe(0)
    expect(out).toMatch(
      /^swept \d+ files, \d+ grants, \d+ results, \d+ finished jobs, \d+ uploads, \d+ of them or of jobs still open, \d+ sessions\n$/,
    )
    expect(await store.get(due, 10)).toBeUndefined()
    expect(await store.get(later, 10)).toBeDefined()
    expect(await store.get(foreign, 10)).toBeDefined()
  })

  test('stops at its limit and says that more is left', async () => {
    for (const at of [1, 2, 3]) {
      await store.put(`2020-01-03/${grantId}/out/${at}`, new Uint8Array(1))
    }
    const env = { BULKWAY_CONFIG: await configFile() }
    const first = await sweep(['--limit', '2'], env)
    expect(first).toMatchObject({ code: 0 })
    expect(first.out).toMatch(/^swept 2 files, .*; more is left\n$/)
    expect((await sweep([], env)).out).toMatch(/^swept 1 files, /)
  })

  test('sweeps as if it were another time', async () => {
    const key = `2098-01-02/${grantId}/out/then.bin`
    await store.put(key, new Uint8Array(1))
    const env = { BULKWAY_CONFIG: await configFile(), BULKWAY_SWEEP_NOW: '2098-01-03T00:00:00Z' }
    expect((await sweep([], env)).code).toBe(0)
    expect(await store.get(key, 10)).toBeUndefined()
  })

  test('ends with 1 and the number of faults when the store is gone, showing no secret', async () => {
    const env = { BULKWAY_CONFIG: await configFile('http://127.0.0.1:1') }
    const { code, out, err } = await sweep([], env)
    expect(code).toBe(1)
    expect(out).toMatch(/; \d+ faults/)
    expect(out + err).not.toContain(local.config.secretAccessKey.reveal())
    expect(out + err).not.toContain('X-Amz-Signature')
  })
})
