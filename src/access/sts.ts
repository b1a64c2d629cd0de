import type { StoreConfig, StsConfig } from '../config/config.ts'
import type { Platform } from '../platform.ts'
import { refused } from './issue-within.ts'
import type { GrantToMint, Minter } from './minter.ts'
import { mintedSession, sessionForm, shortestSessionSeconds } from './session-grant.ts'
import { fitsPolicy, partitionOf } from './session-policy.ts'
import { type SigningKeys, signSts, stsRegion } from './sign-sts.ts'
import { isRefused, requestSession, type StsForm, type StsRequest } from './sts-request.ts'

/**
 * Keys by AssumeRole with an inline session policy, as AWS, Ceph, SeaweedFS, MinIO and Wasabi have it.
 * Before the first ones are given away it is tried whether a session can assume the role again, where
 * nothing would narrow it: radosgw allows that unless the role's trust policy says otherwise.
 */
export function createStsMinter(
  store: StoreConfig & { readonly sts: StsConfig },
  platform: Platform,
  timeoutMs: number,
): Minter {
  const { sts, bucket } = store
  const own: SigningKeys = {
    accessId: sts.accessKeyId.reveal(),
    accessSecret: sts.secretAccessKey,
  }
  const region = stsRegion(sts.endpoint, store.region)
  let isProbed = false

  function requestOf(form: StsForm, keys: SigningKeys, deadline: number): StsRequest {
    const { accessSecret, sessionToken } = keys
    return {
      platform,
      endpoint: sts.endpoint,
      timeoutMs: Math.max(deadline - platform.now(), 0),
      prepare: async () => ({
        form,
        secrets: [accessSecret, ...(sessionToken === undefined ? [] : [sessionToken])],
        sign: async (url, headers, body) => {
          const { digests } = platform
          const now = platform.now()
          const request = { url, headers, body }
          return await signSts(keys, request, { region, now, ...(digests && { digests }) })
        },
      }),
    }
  }

  async function probe(session: SigningKeys, form: StsForm, deadline: number): Promise<void> {
    if (isProbed) return
    const { Policy: _dropped, ...unbound } = form
    if (!(await isRefused(requestOf(unbound, session, deadline)))) {
      throw refused(
        'A session of the role can assume the role again, without a policy: deny that in its trust ' +
          'policy (Ceph: "Condition":{"Bool":{"sts:authentication":"false"}})',
      )
    }
    isProbed = true
  }

  async function mint(grant: GrantToMint) {
    const now = platform.now()
    const deadline = now + timeoutMs
    const { roleArn, externalId, maxSeconds } = sts
    const form = {
      Action: 'AssumeRole',
      ...sessionForm(grant, { bucket, roleArn, maxSeconds, now }),
      ...(externalId !== undefined && { ExternalId: externalId }),
    }
    const session = await requestSession(requestOf(form, own, deadline))
    await probe(session, form, deadline)
    return mintedSession(session, grant, store, { seconds: Number(form.DurationSeconds), now })
  }

  return {
    shortestSeconds: shortestSessionSeconds,
    longestSeconds: sts.maxSeconds,
    scope: 'paths',
    fits: (mounts) => fitsPolicy(mounts, { bucket, partition: partitionOf(sts.roleArn) }),
    mint,
  }
}
