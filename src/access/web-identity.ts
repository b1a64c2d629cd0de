import type { StoreConfig, WebIdentityConfig } from '../config/config.ts'
import type { Platform } from '../platform.ts'
import type { Minter } from './minter.ts'
import { mintedSession, sessionForm, shortestSessionSeconds } from './session-grant.ts'
import { fitsPolicy, partitionOf } from './session-policy.ts'
import { requestSession } from './sts-request.ts'
import type { TokenIssuer } from './token-issuer.ts'

/**
 * Keys by AssumeRoleWithWebIdentity, an unsigned request that a token of the gateway's own proves:
 * nothing that lives long is needed to ask for them.
 */
export function createWebIdentityMinter(
  store: StoreConfig & { readonly webIdentity: WebIdentityConfig },
  issuer: TokenIssuer,
  platform: Platform,
  timeoutMs: number,
): Minter {
  const { webIdentity, bucket } = store
  const { endpoint, roleArn, audience, maxSeconds } = webIdentity
  return {
    shortestSeconds: shortestSessionSeconds,
    longestSeconds: maxSeconds,
    scope: 'paths',
    fits: (mounts) => fitsPolicy(mounts, { bucket, partition: partitionOf(roleArn) }),
    async mint(grant) {
      const now = platform.now()
      const form = sessionForm(grant, { bucket, roleArn, maxSeconds, now })
      const subject = `endpoint:${grant.endpointId}:grant:${grant.grantId}`
      const session = await requestSession({
        platform,
        endpoint,
        timeoutMs,
        async prepare() {
          const token = await issuer.issue({ subject, audience })
          const Action = 'AssumeRoleWithWebIdentity'
          return { form: { Action, ...form, WebIdentityToken: token.reveal() }, secrets: [token] }
        },
      })
      return mintedSession(session, grant, store, { seconds: Number(form.DurationSeconds), now })
    },
  }
}
