import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../../dev/child.ts'
import type { NativeAccess } from '../../src/config/config.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Deps } from '../../src/flows/deps.ts'
import { buildDeps } from '../../src/runtimes/build-deps.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { serveOnNode } from '../../src/runtimes/node-server.ts'
import { grantOf, type MinterBed, minterContract } from '../contracts/minter.ts'
import { createS3Worker } from '../contracts/s3-worker.ts'
import { makeSigningKey } from './signing-key.ts'

/** JSON of `dev/minio.sh start`, and the directory of that server. */
const facts = process.env['BULKWAY_TEST_MINIO']
const directory = process.env['BULKWAY_TEST_MINIO_DIR']

const platform = createNodePlatform({ write() {} })
const audience = 'bulkway'

if (facts === undefined || directory === undefined) {
  test.skip(
    'MinIO: set BULKWAY_TEST_MINIO to what `dev/minio.sh start DIR PORT` prints, BULKWAY_TEST_MINIO_DIR to DIR',
  )
}

describe.runIf(facts !== undefined && directory !== undefined)('MinIO', () => {
  const older = makeSigningKey()
  const newer = makeSigningKey()
  const script = fileURLToPath(new URL('../../dev/minio.sh', import.meta.url))
  let port: number
  let role: string
  let gateway: Awaited<ReturnType<typeof start>>

  async function start(keys: string) {
    const deps = gatewayAt(port, keys, role)
    const server = await serveOnNode(deps, { hostname: '127.0.0.1', port })
    return { deps, close: () => server.close(1000) }
  }

  beforeAll(async () => {
    port = await freePorts(1)
    role = 'arn:minio:iam:us-east-1::role/not-known-yet'
    gateway = await start(older.pem)
    // MinIO reads the issuer's documents as it starts, which must not keep them from being served.
    const asked = ['provider', directory ?? '', issuerAt(port), audience]
    const { stdout } = await promisify(execFile)(script, asked)
    role = JSON.parse(stdout).webIdentityRoleArn
    await gateway.close()
    gateway = await start(older.pem)
  }, 60_000)

  afterAll(async () => await gateway.close())

  function bed(access: NativeAccess): MinterBed {
    const minter = gateway.deps.nativeMinter('main', access)
    if (minter === undefined) throw new Error('There is no minter')
    return { minter, store: gateway.deps.stateStore, now: () => Date.now() }
  }

  const traits = { keepsInputs: true, copies: true, partBytes: 5 * 1024 * 1024 }
  minterContract('MinIO by AssumeRole', () => bed('sts'), traits)
  minterContract('MinIO by AssumeRoleWithWebIdentity', () => bed('web-identity'), traits)

  test('refuses a token of another issuer’s key', async () => {
    const stranger = gatewayAt(port, newer.pem, role)
    const minted = stranger.nativeMinter('main', 'web-identity')?.mint(grantOf(Date.now()))
    await expect(minted).rejects.toMatchObject({ code: 'access_refused' })
  })

  test('takes tokens of a new key once it signs, and old keys go on working', async () => {
    const before = await bed('web-identity').minter.mint(grantOf(Date.now()))
    await gateway.close()
    gateway = await start(newer.pem + older.pem)
    const after = await bed('web-identity').minter.mint(grantOf(Date.now()))
    expect(after.s3Config.accessId).not.toBe(before.s3Config.accessId)
    for (const { s3Config } of [before, after]) {
      const worker = createS3Worker(s3Config, () => Date.now())
      const key = `${s3Config.keyPrefix}rotated.txt`
      expect((await worker({ method: 'PUT', key, body: 'x' })).status).toBe(200)
      await gateway.deps.stateStore.delete(key)
    }
  })

  test('refuses a role that does not exist, where a token is to be traded for it', async () => {
    const deps = gatewayAt(port, older.pem, 'arn:minio:iam:us-east-1::role/nobody-has-it')
    const minted = deps.nativeMinter('main', 'web-identity')?.mint(grantOf(Date.now()))
    await expect(minted).rejects.toMatchObject({ code: 'access_refused' })
  })
})

function issuerAt(port: number): string {
  return `http://127.0.0.1:${port}`
}

function gatewayAt(port: number, signingKeys: string, webIdentityRole: string): Deps {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey, roleArn } = JSON.parse(
    facts ?? '{}',
  )
  const secrets: Readonly<Record<string, string>> = {
    ID: accessKeyId,
    SECRET: secretAccessKey,
    OIDC: signingKeys,
    KEYS: `k1:${btoa('a'.repeat(32))}`,
  }
  const document = {
    publicUrl: issuerAt(port),
    stores: {
      main: {
        ...{ kind: 's3', endpoint, region, bucket },
        accessKeyId: { env: 'ID' },
        secretAccessKey: { env: 'SECRET' },
        sts: { roleArn },
        webIdentity: { roleArn: webIdentityRole, audience },
      },
    },
    oidc: { signingKeys: { env: 'OIDC' } },
    stateStore: 'main',
    endpoints: { '*': { store: 'main' } },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
  }
  const config = readConfig(JSON.stringify(document), (name) => secrets[name])
  return buildDeps(config, platform, { write() {} })
}
