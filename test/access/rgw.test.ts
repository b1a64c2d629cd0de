import { expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import { grantOf } from '../contracts/minter.ts'
import { createS3Worker } from '../contracts/s3-worker.ts'
import { type StsServerFacts, stsServerContract } from '../contracts/sts-server.ts'

stsServerContract(
  {
    name: 'Ceph RGW',
    script: 'rgw.sh',
    variable: 'BULKWAY_TEST_RGW',
    // It knows a key by its certificate.
    signingKey: ({ pem, certificate }) => pem + certificate,
    trust: ({ thumbprint }) => [thumbprint],
  },
  (rgw) => {
    test('refuses a role whose sessions can assume it again, with no policy', async () => {
      const name = `open-${crypto.randomUUID().slice(0, 8)}`
      const trusted = { AWS: ['arn:aws:iam:::user/tester'] }
      const statement = { Effect: 'Allow', Principal: trusted, Action: ['sts:AssumeRole'] }
      const trust = { Version: '2012-10-17', Statement: [statement] }
      const made = await rootOf(rgw.facts)({
        method: 'POST',
        service: true,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `Action=CreateRole&RoleName=${name}&AssumeRolePolicyDocument=${encodeURIComponent(JSON.stringify(trust))}`,
      })
      expect(made.status).toBe(200)
      const minter = rgw.minterFor('sts', `arn:aws:iam:::role/${name}`)
      await expect(minter.mint(grantOf(Date.now()))).rejects.toMatchObject({
        code: 'access_refused',
        cause: { message: expect.stringContaining('can assume the role again') },
      })
    })

    test('refuses a role that does not exist', async () => {
      const minter = rgw.minterFor('sts', 'arn:aws:iam:::role/nobody-has-it')
      const minted = minter.mint(grantOf(Date.now()))
      await expect(minted).rejects.toMatchObject({ code: 'access_refused' })
    })
  },
)

function rootOf(facts: StsServerFacts) {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = facts
  const access = { accessId: accessKeyId, accessSecret: new Secret(secretAccessKey), region }
  const place = { bucketName: bucket, endpointUrl: endpoint, keyPrefix: '' }
  return createS3Worker({ ...access, ...place }, () => Date.now())
}
