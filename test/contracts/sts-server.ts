import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../../dev/child.ts'
import type { Minter } from '../../src/access/minter.ts'
import type { NativeAccess } from '../../src/config/config.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Deps } from '../../src/flows/deps.ts'
import { buildDeps } from '../../src/runtimes/build-deps.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { serveOnNode } from '../../src/runtimes/node-server.ts'
import { makeSigningKey, type SigningKeyPair } from '../access/signing-key.ts'
import { grantOf, type MinterBed, minterContract } from './minter.ts'
import { createS3Worker } from './s3-worker.ts'

/** A store with an STS, which a script of dev/ starts and makes trust an issuer. */
export interface StsServer {
  readonly name: string
  /** In dev/. */
  readonly script: string
  /** Of the environment: what `start` printed; with _DIR after it, the directory of that server. */
  readonly variable: string
  /** The signing key as the gateway has to be given it. */
  signingKey(pair: SigningKeyPair): string
  /** What the script wants to know of that key to trust the issuer. */
  trust(pair: SigningKeyPair): readonly string[]
}

/** What the script prints. */
export interface StsServerFacts {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly roleArn: string
  readonly webIdentityRoleArn: string
}

export interface RunningStsServer {
  readonly facts: StsServerFacts
  /** The gateway's minter, for this role instead of the one that the server has for it. */
  minterFor(access: NativeAccess, roleArn: string): Minter
}

const platform = createNodePlatform({ write() {} })
const audience = 'bulkway'

/** What a gateway's sessions of a real STS must do, and `more` that is special to this server. */
export function stsServerContract(server: StsServer, more: (running: RunningStsServer) => void) {
  const { name, script, variable, signingKey } = server
  const started = process.env[variable]
  const directory = process.env[`${variable}_DIR`]
  const isThere = started !== undefined && directory !== undefined

  if (!isThere) {
    test.skip(
      `${name}: set ${variable} to what \`dev/${script} start DIR PORT\` prints, ${variable}_DIR to DIR`,
    )
  }

  describe.runIf(isThere)(name, () => {
    const older = makeSigningKey()
    const newer = makeSigningKey()
    let facts: StsServerFacts
    let port: number
    let gateway: Awaited<ReturnType<typeof serve>>

    const gatewayWith = (keys: string, roles?: Partial<StsServerFacts>) =>
      gatewayAt(`http://127.0.0.1:${port}`, keys, { ...facts, ...roles })

    async function serve(keys: string) {
      const deps = gatewayWith(keys)
      const listening = await serveOnNode(deps, { hostname: '127.0.0.1', port })
      return { deps, close: () => listening.close(1000) }
    }

    beforeAll(async () => {
      port = await freePorts(1)
      facts = { ...JSON.parse(started ?? '{}'), webIdentityRoleArn: 'arn:aws:iam:::role/unknown' }
      gateway = await serve(signingKey(older))
      // Some servers read the issuer's documents now, which must not keep them from being served.
      const { stdout } = await promisify(execFile)(
        fileURLToPath(new URL(`../../dev/${script}`, import.meta.url)),
        ['provider', directory ?? '', `http://127.0.0.1:${port}`, audience, ...server.trust(older)],
      )
      facts = JSON.parse(stdout)
      await gateway.close()
      gateway = await serve(signingKey(older))
    }, 60_000)

    afterAll(async () => await gateway.close())

    function bed(access: NativeAccess): MinterBed {
      const { deps } = gateway
      return { minter: minterOf(deps, access), store: deps.stateStore, now: () => Date.now() }
    }

    const traits = { keepsInputs: true, copies: true, partBytes: 5 * 1024 * 1024 }
    minterContract(`${name} by AssumeRole`, () => bed('sts'), traits)
    minterContract(`${name} by AssumeRoleWithWebIdentity`, () => bed('web-identity'), traits)

    test('refuses a token of another issuer’s key', async () => {
      const stranger = minterOf(gatewayWith(signingKey(newer)), 'web-identity')
      const minted = stranger.mint(grantOf(Date.now()))
      await expect(minted).rejects.toMatchObject({ code: 'access_refused' })
    })

    test('takes tokens of a new key once it signs, and old keys go on working', async () => {
      const before = await bed('web-identity').minter.mint(grantOf(Date.now()))
      await gateway.close()
      gateway = await serve(signingKey(newer) + signingKey(older))
      const after = await bed('web-identity').minter.mint(grantOf(Date.now()))
      expect(after.s3Config.accessId).not.toBe(before.s3Config.accessId)
      for (const { s3Config } of [before, after]) {
        const worker = createS3Worker(s3Config, () => Date.now())
        const key = `${s3Config.keyPrefix}rotated.txt`
        expect((await worker({ method: 'PUT', key, body: 'x' })).status).toBe(200)
        await gateway.deps.stateStore.delete(key)
      }
    })

    more({
      get facts() {
        return facts
      },
      minterFor(access, roleArn) {
        const roles = access === 'sts' ? { roleArn } : { webIdentityRoleArn: roleArn }
        return minterOf(gatewayWith(signingKey(older), roles), access)
      },
    })
  })
}

function minterOf(deps: Deps, access: NativeAccess): Minter {
  const minter = deps.nativeMinter('main', access)
  if (minter === undefined) throw new Error('There is no minter')
  return minter
}

function gatewayAt(publicUrl: string, signingKeys: string, facts: StsServerFacts): Deps {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = facts
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
        sts: { roleArn: facts.roleArn },
        webIdentity: { roleArn: facts.webIdentityRoleArn, audience },
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
