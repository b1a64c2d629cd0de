import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../../dev/child.ts'
import type { Minter } from '../../src/access/minter.ts'
import type { NativeAccess } from '../../src/config/config.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Deps } from '../../src/flows/deps.ts'
import { Secret } from '../../src/log.ts'
import { buildDeps } from '../../src/runtimes/build-deps.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { serveOnNode } from '../../src/runtimes/node-server.ts'
import { grantOf, type MinterBed, minterContract } from '../contracts/minter.ts'
import { createS3Worker } from '../contracts/s3-worker.ts'
import { makeSigningKey } from './signing-key.ts'

/** JSON of `dev/rgw.sh start`, and the directory of that server. */
const facts = process.env['BULKWAY_TEST_RGW']
const directory = process.env['BULKWAY_TEST_RGW_DIR']

const platform = createNodePlatform({ write() {} })
const audience = 'bulkway'

interface Bed extends MinterBed {
  readonly minter: Minter
}

describe.runIf(facts !== undefined && directory !== undefined)('Ceph RGW', () => {
  const older = makeSigningKey()
  const newer = makeSigningKey()
  const script = fileURLToPath(new URL('../../dev/rgw.sh', import.meta.url))
  let gateway: Awaited<ReturnType<typeof start>>

  async function start(keys: string, port: number) {
    const deps = gatewayAt(`http://127.0.0.1:${port}`, keys)
    const server = await serveOnNode(deps, { hostname: '127.0.0.1', port })
    return { deps, port, close: () => server.close(1000) }
  }

  beforeAll(async () => {
    const port = await freePorts(1)
    gateway = await start(older.pem + older.certificate, port)
    const issuer = `http://127.0.0.1:${port}`
    execFileSync(script, ['provider', directory ?? '', issuer, audience, older.thumbprint])
  }, 60_000)

  afterAll(async () => await gateway.close())

  function bed(access: NativeAccess): Bed {
    const { deps } = gateway
    const minter = deps.nativeMinter('main', access)
    if (minter === undefined) throw new Error('There is no minter')
    return { minter, store: deps.stateStore, now: () => Date.now() }
  }

  // radosgw answers CopyObject, but takes no session's keys for DeleteObjects and UploadPartCopy.
  const traits = { keepsInputs: true, copies: true, partBytes: 5 * 1024 * 1024 }
  minterContract('RGW by AssumeRole', () => bed('sts'), traits)
  minterContract('RGW by AssumeRoleWithWebIdentity', () => bed('web-identity'), traits)

  test('refuses a token of another issuer’s key', async () => {
    const { port } = gateway
    const stranger = gatewayAt(`http://127.0.0.1:${port}`, newer.pem + newer.certificate)
    const minter = stranger.nativeMinter('main', 'web-identity')
    await expect(minter?.mint(grantOf(Date.now()))).rejects.toMatchObject({
      code: 'access_refused',
    })
  })

  test('takes tokens of a new key once it signs, and old keys go on working', async () => {
    const before = await bed('web-identity').minter.mint(grantOf(Date.now()))
    const { port } = gateway
    await gateway.close()
    const both = newer.pem + newer.certificate + older.pem + older.certificate
    gateway = await start(both, port)
    const after = await bed('web-identity').minter.mint(grantOf(Date.now()))
    expect(after.s3Config.accessId).not.toBe(before.s3Config.accessId)
    for (const { s3Config } of [before, after]) {
      const worker = createS3Worker(s3Config, () => Date.now())
      const key = `${s3Config.keyPrefix}rotated.txt`
      expect((await worker({ method: 'PUT', key, body: 'x' })).status).toBe(200)
      await gateway.deps.stateStore.delete(key)
    }
  })

  test('refuses a role whose sessions can assume it again, with no policy', async () => {
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = JSON.parse(facts ?? '{}')
    const root = createS3Worker(
      {
        ...{ accessId: accessKeyId, accessSecret: new Secret(secretAccessKey), region },
        ...{ bucketName: bucket, endpointUrl: endpoint, keyPrefix: '' },
      },
      () => Date.now(),
    )
    const name = `open-${crypto.randomUUID().slice(0, 8)}`
    const trusted = { AWS: ['arn:aws:iam:::user/tester'] }
    const statement = { Effect: 'Allow', Principal: trusted, Action: ['sts:AssumeRole'] }
    const trust = { Version: '2012-10-17', Statement: [statement] }
    const made = await root({
      method: 'POST',
      service: true,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `Action=CreateRole&RoleName=${name}&AssumeRolePolicyDocument=${encodeURIComponent(JSON.stringify(trust))}`,
    })
    expect(made.status).toBe(200)
    const deps = gatewayAt('http://127.0.0.1:1', older.pem, `arn:aws:iam:::role/${name}`)
    const minted = deps.nativeMinter('main', 'sts')?.mint(grantOf(Date.now()))
    await expect(minted).rejects.toMatchObject({
      code: 'access_refused',
      cause: { message: expect.stringContaining('can assume the role again') },
    })
  })

  test('refuses a role that does not exist', async () => {
    const deps = gatewayAt('http://127.0.0.1:1', older.pem, 'arn:aws:iam:::role/nobody-has-it')
    const minted = deps.nativeMinter('main', 'sts')?.mint(grantOf(Date.now()))
    await expect(minted).rejects.toMatchObject({ code: 'access_refused' })
  })
})

function gatewayAt(publicUrl: string, signingKeys: string, role?: string): Deps {
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
    publicUrl,
    stores: {
      main: {
        ...{ kind: 's3', endpoint, region, bucket },
        accessKeyId: { env: 'ID' },
        secretAccessKey: { env: 'SECRET' },
        sts: { roleArn: role ?? roleArn },
        webIdentity: { roleArn: 'arn:aws:iam:::role/bulkway-web-identity', audience },
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
