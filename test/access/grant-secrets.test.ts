import { describe, expect, it } from 'vitest'
import { grantSecrets } from '../../src/access/grant-secrets.ts'
import { deriveScopedKey } from '../../src/grants/scoped-key.ts'
import { Secret } from '../../src/log.ts'
import { ringOf } from '../config/rings.ts'

const grantId = 'mfrggzdfmztwq2lknnwg23tpoa'
const keyring = ringOf('a1')
const kept = { kind: 'caller secret', value: new Secret('caller-secret') }

describe('the secrets of a grant', () => {
  it('are all that its job was given, and what the gateway is', async () => {
    const grant = { kid: 'a1', grantId, secrets: [kept] }
    const scoped = await deriveScopedKey(keyring, 'a1', grantId)
    const secrets = await grantSecrets({
      keyring,
      grant,
      webhookToken: 'token',
      upstreamKey: new Secret('rpa_own'),
    })
    expect(secrets.map(({ kind, value }) => [kind, value.reveal()])).toEqual([
      ['access id', scoped?.accessId],
      ['access secret', scoped?.accessSecret.reveal()],
      ['webhook token', 'token'],
      ['upstream key', 'rpa_own'],
      ['caller secret', 'caller-secret'],
    ])
  })

  it('are each there once, never an empty one', async () => {
    const grant = { kid: 'a1', grantId, secrets: [kept, kept, { ...kept, value: new Secret('') }] }
    expect(await grantSecrets({ keyring, grant })).toHaveLength(3)
  })

  it('are still those it remembers when its master key is gone', async () => {
    const grant = { kid: 'zz', grantId, secrets: [kept] }
    expect(await grantSecrets({ keyring, grant })).toEqual([kept])
  })
})
