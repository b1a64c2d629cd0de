import type { Keyring } from '../config/keyring.ts'
import type { Grant, GrantSecret } from '../grants/grant.ts'
import { deriveScopedKey } from '../grants/scoped-key.ts'
import { Secret } from '../log.ts'
import { scopedSecrets } from './job-bucket-minter.ts'

/**
 * Every literal that must not come back from a job: its scoped key, its webhook's token, what its
 * grant remembers (the caller's own secrets among it), the gateway's upstream key; each once.
 */
export async function grantSecrets(options: {
  readonly keyring: Keyring
  readonly grant: Pick<Grant, 'kid' | 'grantId' | 'secrets'>
  /** The sealed part of the job's webhook URL. */
  readonly webhookToken?: string
  /** The gateway's own key for the endpoint, in `keys` mode. */
  readonly upstreamKey?: Secret
}): Promise<GrantSecret[]> {
  const { keyring, grant, webhookToken, upstreamKey } = options
  const scoped = await deriveScopedKey(keyring, grant.kid, grant.grantId)
  const all: GrantSecret[] = [
    ...(scoped === undefined ? [] : scopedSecrets(scoped)),
    ...(webhookToken === undefined
      ? []
      : [{ kind: 'webhook token', value: new Secret(webhookToken) }]),
    ...(upstreamKey === undefined ? [] : [{ kind: 'upstream key', value: upstreamKey }]),
    ...grant.secrets,
  ]
  const once = new Map(all.map((secret) => [secret.value.reveal(), secret]))
  once.delete('')
  return [...once.values()]
}
