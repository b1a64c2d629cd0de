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
let configuration: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-operator-'))
  local = await startLocalR2()
  const options = { idleTimeoutMs: 20_000, presignSeconds: 900 }
  store = createS3Store(local.config, createNodePlatform({ write() {} }), options)
  configuration = await configFile(local.config.endpoint)
}, 90_000)
afterAll(async () => {
  await local.stop()
  await rm(directory, { recursive: true, force: true })
})

async function configFile(endpoint: string): Promise<string> {
  const { region, bucket } = local.config
  const keys = { accessKeyId: { env: 'STORE_ID' }, secretAccessKey: { env: 'STORE_SECRET' } }
  const document = {
    publicUrl: 'https://gateway.example',
    stores: { main: { kind: 's3', endpoint, region, bucket, pathStyle: true, ...keys } },
    stateStore: 'main',
    endpoints: { '*': { store: 'main' } },
    auth: { mode: 'passthrough' },
    cors: { origins: ['https://app.example'] },
    masterKeys: { env: 'KEYS' },
  }
  const path = join(directory, `${crypto.randomUUID()}.jsonc`)
  await writeFile(path, JSON.stringify(document))
  return path
}

/** Runs the command as an operator does. */
async function bulkway(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['bin/bulkway.js', ...args], {
    env: {
      PATH: process.env['PATH'],
      STORE_ID: local.config.accessKeyId.reveal(),
      STORE_SECRET: local.config.secretAccessKey.reveal(),
      KEYS: `k1:${btoa('a'.repeat(32))}`,
      BULKWAY_CONFIG: configuration,
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

describe('the commands of an operator', () => {
  test('explain themselves, and are named where the others are', async () => {
    const commands = ['init', 'sweep', 'usage']
    const helps = await Promise.all(commands.map((name) => bulkway([name, '--help'])))
    for (const [at, { code, out }] of helps.entries()) {
      expect(code).toBe(0)
      expect(out).toContain(`Usage: bulkway ${commands[at]}`)
    }
    const { out } = await bulkway(['--help'])
    for (const name of commands) expect(out).toContain(`bulkway ${name}`)
  })

  test('refuse what they do not understand, and touch nothing', async () => {
    const key = `2020-01-01/${grantId}/in/0-refused.bin`
    await store.put(key, new Uint8Array(1))
    const wrong = [
      ['sweep', '--rate', 'much'],
      ['sweep', '--limit', '0'],
      ['sweep', '--dry-run'],
      ['sweep', 'now'],
      ['init', '--store', 'other'],
      ['usage', '--limit', '5'],
    ]
    const refusals = await Promise.all(wrong.map((args) => bulkway(args)))
    for (const { code, err } of refusals) {
      expect(code).toBe(2)
      expect(err).toMatch(/^bulkway: /)
    }
    const typo = await bulkway(['init', '--dryrun'])
    expect(typo.err).toBe(
      "bulkway: init: Unknown option '--dryrun'\nbulkway init --help says more\n",
    )
    const noTime = await bulkway(['sweep'], { BULKWAY_SWEEP_NOW: 'tomorrow' })
    expect(noTime).toMatchObject({
      code: 2,
      err: 'bulkway: BULKWAY_SWEEP_NOW is no time: tomorrow\n',
    })
    expect(await store.get(key, 10)).toBeDefined()
    expect((await bulkway(['usage'], { BULKWAY_CONFIG: '' })).err).toContain('Set BULKWAY_CONFIG')
  })

  test('sweep at a rate, up to a limit, and as JSON', async () => {
    for (const at of [1, 2, 3, 4, 5]) {
      await store.put(`2020-01-03/${grantId}/out/${at}`, new Uint8Array(1))
    }
    const first = await bulkway(['sweep', '--limit', '2', '--rate', '1000'])
    expect(first.out).toMatch(/^swept 2 files, .*, 0 sessions; more is left\n$/)
    const second = JSON.parse((await bulkway(['sweep', '--json'])).out)
    expect(second).toMatchObject({ faults: 0, done: true })
    expect((await store.list('2020-')).objects).toEqual([])
  })

  test('tell what is there', async () => {
    const owner = 'c'.repeat(32)
    await store.put(`persist/${owner}/e1/model`, new Uint8Array(2500))
    const { code, out } = await bulkway(['usage', '--json'])
    expect(code).toBe(0)
    const { at, stores, used } = JSON.parse(out)
    expect(Date.parse(at)).toBeLessThanOrEqual(Date.now())
    expect(stores).toMatchObject([{ store: 'main', kind: 's3' }])
    expect(used).toContainEqual({
      ...{ store: 'main', endpoint: 'e1', principal: owner, objects: 1, bytes: 2500 },
      expires: { never: 2500 },
    })
    const table = (await bulkway(['usage'])).out
    expect(table).toMatch(/main +e1 +cccccccccccc +1 +2\.5 kB +never +-/)
    expect(table).toContain('no price is known')
  })

  test('say what the store cannot be given, and who does it instead', async () => {
    const { code, out } = await bulkway(['init'])
    expect(code).toBe(0)
    expect(out).toMatch(/^main lifecycle: impossible: .*bulkway sweep/)
    expect(out).toMatch(/\nmain cors: impossible: .*"presign": false/)
  })

  test('end with 1 where the store is gone, showing no secret', async () => {
    const BULKWAY_CONFIG = await configFile('http://127.0.0.1:1')
    const all = await Promise.all(
      [['init'], ['sweep'], ['usage']].map((args) => bulkway(args, { BULKWAY_CONFIG })),
    )
    for (const { code, out, err } of all) {
      expect(code).toBe(1)
      expect(out + err).not.toContain(local.config.secretAccessKey.reveal())
      expect(out + err).not.toContain('X-Amz-Signature')
    }
  })
})
