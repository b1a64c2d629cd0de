import { describe, expect, it } from 'vitest'
import { createJobBucketMinter } from '../../src/access/job-bucket-minter.ts'
import { renderS3Config } from '../../src/access/minter.ts'
import { DEFAULTS } from '../../src/contract/defaults.gen.ts'
import { readAccessId } from '../../src/grants/scoped-key.ts'
import { ringOf } from '../config/rings.ts'

const jobBucketUrl = 'https://gw.example/s3'
const grant = {
  kid: 'a1',
  grantId: 'mfrggzdfmztwq2lknnwg23tpoa',
  day: '2026-11-22',
  endpointId: 'e1',
  mounts: [],
  writeExpiresAt: 1_800_000_000_000,
}
const names = DEFAULTS.ConfigS3ConfigFields

describe('the s3Config of a job', () => {
  it('has exactly the four documented fields', async () => {
    const minter = createJobBucketMinter({ keyring: ringOf('a1'), jobBucketUrl })
    const { s3Config, secrets, expiresAt } = await minter.mint(grant)
    const parsed = JSON.parse(renderS3Config(s3Config, names))
    expect(Object.keys(parsed)).toEqual(['accessId', 'accessSecret', 'bucketName', 'endpointUrl'])
    expect(parsed).toMatchObject({ bucketName: 'job_files', endpointUrl: jobBucketUrl })
    expect(readAccessId(parsed.accessId)).toEqual({ kid: 'a1', grantId: grant.grantId })
    expect(secrets.map(({ value }) => value.reveal())).toEqual([
      parsed.accessId,
      parsed.accessSecret,
    ])
    expect(expiresAt).toBe(grant.writeExpiresAt)
  })

  it('has others where an endpoint asks for them, under its own names', async () => {
    const minter = createJobBucketMinter({ keyring: ringOf('a1'), jobBucketUrl })
    const { s3Config } = await minter.mint(grant)
    const asked = { ...names, accessId: 'key', region: 'region', keyPrefix: 'prefix' }
    const fields = JSON.parse(renderS3Config(s3Config, { ...asked, sessionToken: 'token' }))
    expect(Object.keys(fields)).toEqual([
      'key',
      'accessSecret',
      'bucketName',
      'endpointUrl',
      'region',
      'prefix',
    ])
    expect(fields).toMatchObject({ region: 'us-east-1', prefix: '' })
  })

  it('is the same under its own kid after the master key was changed', async () => {
    const render = async (...kids: string[]) => {
      const minter = createJobBucketMinter({ keyring: ringOf(...kids), jobBucketUrl })
      return renderS3Config((await minter.mint(grant)).s3Config, names)
    }
    expect(await render('b2', 'a1')).toBe(await render('a1'))
    await expect(render('b2')).rejects.toMatchObject({ code: 'internal_error' })
  })
})
