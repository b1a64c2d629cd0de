import { describe, expect, it } from 'vitest'
import { mintS3Config } from '../../src/access/s3-config.ts'
import { readAccessId } from '../../src/grants/scoped-key.ts'
import { ringOf } from '../config/rings.ts'

const grantId = 'mfrggzdfmztwq2lknnwg23tpoa'

describe('the s3Config of a job', () => {
  it('has exactly the four documented fields', async () => {
    const { json, secrets } = await mintS3Config({
      keyring: ringOf('a1'),
      grant: { kid: 'a1', grantId },
      jobBucketUrl: 'https://gw.example/s3',
    })
    const parsed = JSON.parse(json)
    expect(Object.keys(parsed)).toEqual(['accessId', 'accessSecret', 'bucketName', 'endpointUrl'])
    expect(parsed).toMatchObject({ bucketName: 'job_files', endpointUrl: 'https://gw.example/s3' })
    expect(readAccessId(parsed.accessId)).toEqual({ kid: 'a1', grantId })
    expect(secrets.map(({ value }) => value.reveal())).toEqual([
      parsed.accessId,
      parsed.accessSecret,
    ])
  })

  it('is the same under its own kid after the master key was changed', async () => {
    const options = { grant: { kid: 'a1', grantId }, jobBucketUrl: 'https://gw.example/s3' }
    const before = await mintS3Config({ keyring: ringOf('a1'), ...options })
    const after = await mintS3Config({ keyring: ringOf('b2', 'a1'), ...options })
    expect(after.json).toBe(before.json)
    await expect(mintS3Config({ keyring: ringOf('b2'), ...options })).rejects.toMatchObject({
      code: 'internal_error',
    })
  })
})
