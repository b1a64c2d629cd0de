import { expect, test } from 'vitest'
import { grantOf } from '../contracts/minter.ts'
import { stsServerContract } from '../contracts/sts-server.ts'

stsServerContract(
  {
    name: 'MinIO',
    script: 'minio.sh',
    variable: 'BULKWAY_TEST_MINIO',
    // It reads the issuer's documents by itself, and any key in them counts.
    signingKey: ({ pem }) => pem,
    trust: () => [],
  },
  (minio) => {
    // AssumeRole does not look at the role's name.
    test('refuses a role that does not exist, where a token is to be traded for it', async () => {
      const role = 'arn:minio:iam:us-east-1::role/nobody-has-it'
      const minted = minio.minterFor('web-identity', role).mint(grantOf(Date.now()))
      await expect(minted).rejects.toMatchObject({ code: 'access_refused' })
    })
  },
)
