import { callerSecrets } from '../access/caller-secrets.ts'
import { type Minted, renderS3Config } from '../access/minter.ts'
import { GatewayError } from '../errors.ts'
import type { Grant, GrantSecret } from '../grants/grant.ts'
import { realKey } from '../grants/mount-path.ts'
import { lifetimesOf } from '../grants/ttl.ts'
import { type Edit, renderResidue } from '../json/render.ts'
import type { Residue } from '../json/splicer.ts'
import { Secret } from '../log.ts'
import { makeFileLink } from '../outputs/file-link.ts'
import { makeWebhookToken } from '../webhooks/sealed-url.ts'
import { checkTarget } from '../webhooks/target.ts'
import type { Admission } from './admit.ts'
import type { Call, Deps } from './deps.ts'
import { chooseAccess, grantedKeys, type JobAccess, withdrawAccess } from './give-access.ts'
import { type LiftedRequest, s3ConfigNames } from './lift-payloads.ts'

const decoder = new TextDecoder()

/**
 * Seals the grant of a request and renders what goes upstream: paths for payloads, the job's keys,
 * the gateway's own webhook. Keys that were issued for a request which fails after all are revoked.
 *
 * @throws {GatewayError} webhook_refused, invalid_request, body_too_large, store_unavailable,
 *   access_refused, access_unavailable, misconfigured
 */
export async function sealJob(
  deps: Deps,
  call: Call,
  { endpoint, principal }: Admission,
  lifted: LiftedRequest,
  maxBytes: number,
): Promise<{ grant: Grant; request: Uint8Array }> {
  const { config, keyring, platform } = deps
  const { residue } = lifted
  const webhook = await readWebhook(deps, residue)
  const now = platform.now()
  const times = lifetimesOf({ ...config.access, now, ttl: readPolicyTtl(residue) })
  const isWanted = wantsS3Config(endpoint, lifted)
  const asked = isWanted ? endpoint : { ...endpoint, access: 'none' as const }
  const access = await chooseAccess(deps, asked, lifted, times)
  const [owner] = await principal.ids()
  // Files go when their day is over: nothing may be promised beyond its end.
  const lastMs = Date.parse(`${access.folder.day}T23:59:59.999Z`)
  const { outputMaxBytes: bytes, outputMaxObjects: objects } = endpoint
  const unsealed: Grant = {
    ...access.folder,
    kid: keyring.current,
    endpointId: call.endpointId,
    storeId: endpoint.storeId,
    owner,
    state: 'active',
    createdAt: now,
    writeExpiresAt: Math.min(times.writeExpiresAt, lastMs),
    readExpiresAt: Math.min(times.readExpiresAt, lastMs),
    mounts: access.mounts,
    secrets: ownersSecrets(residue),
    quota: { bytes, objects },
    ...(webhook === undefined ? {} : { webhook }),
  }
  let minted: Minted | undefined
  try {
    minted = isWanted ? await access.minter.mint(unsealed) : undefined
    const replacements = await replace(deps, endpoint, lifted, { access, minted, grant: unsealed })
    // The job bucket's keys are derived anew whenever they are looked for.
    const own = access.native === undefined ? [] : (minted?.secrets ?? [])
    const secrets = [...unsealed.secrets, ...replacements.secrets, ...own]
    const grant = { ...unsealed, ...grantedKeys(access.native, minted), secrets }
    const edits = await requestEdits(deps, endpoint, residue, grant, minted)
    const request = renderResidue(residue, replacements.texts, edits)
    if (request.length > maxBytes) throw tooLarge(request.length, maxBytes)
    await deps.grants.seal(grant)
    return { grant, request }
  } catch (error) {
    await withdrawAccess(deps, endpoint.storeId, access, minted)
    throw error
  }

  function tooLarge(actual: number, limit: number): GatewayError {
    return new GatewayError(
      'body_too_large',
      `Cannot submit ${actual} bytes that are left after staging: ${limit} allowed. ` +
        'Put large text into a staged value by a rule, or send a link',
      { limit, actual },
    )
  }
}

/** The strings that stand in for the payloads; links are secrets of the job. */
async function replace(
  { config, keyring }: Deps,
  endpoint: Admission['endpoint'],
  { staged, residue }: LiftedRequest,
  job: { readonly access: JobAccess; readonly minted: Minted | undefined; readonly grant: Grant },
): Promise<{ texts: string[]; secrets: GrantSecret[] }> {
  const { access, minted, grant } = job
  // A key means something in our bucket only: beside the caller's own s3Config it is a link.
  const isLink = hasOwnS3Config(residue)
  const texts: string[] = []
  const secrets: GrantSecret[] = []
  for (const { payload, object } of staged) {
    const form = isLink ? 'url' : (payload.rule?.as ?? endpoint.as ?? 'key')
    const path = `in/${object.key.split('/').at(-1)}`
    if (form !== 'url') {
      const key = access.native === undefined ? path : (realKey(grant, path, 'read') ?? path)
      const bucket = minted?.s3Config.bucketName
      texts[payload.index] = JSON.stringify(form === 'key' ? key : `s3://${bucket}/${key}`)
      continue
    }
    const { publicUrl } = config
    const { grantId, readExpiresAt: expiresAt } = grant
    const link = await makeFileLink({ keyring, publicUrl, grantId, path, expiresAt })
    texts[payload.index] = JSON.stringify(link)
    const sealed = link.slice(`${publicUrl}/files/`.length).split('/')[0] ?? ''
    secrets.push({ kind: 'input link', value: new Secret(sealed) })
  }
  return { texts, secrets }
}

async function requestEdits(
  { config, keyring }: Deps,
  endpoint: Admission['endpoint'],
  residue: Residue,
  grant: Grant,
  minted: Minted | undefined,
): Promise<Edit[]> {
  const edits: Edit[] = []
  const token = await makeWebhookToken(keyring, grant.kid, grant.grantId)
  const webhookText = JSON.stringify(`${config.publicUrl}/webhooks/${token}`)
  const webhooks = members(residue, 'webhook')
  for (const { start, end } of webhooks) edits.push({ start, end, text: webhookText })

  let inserted = webhooks.length === 0 ? `"webhook":${webhookText},` : ''
  if (minted !== undefined) {
    const json = renderS3Config(minted.s3Config, endpoint.s3ConfigFields)
    const empty = members(residue, 's3Config')
    for (const { start, end } of empty) edits.push({ start, end, text: json })
    if (empty.length === 0) inserted = `"s3Config":${json},${inserted}`
  }
  if (inserted !== '') {
    const at = residue.bytes.indexOf(0x7b) + 1
    edits.push({ start: at, end: at, text: inserted })
  }
  return edits
}

function wantsS3Config(
  { access, s3Config }: Admission['endpoint'],
  { residue, staged }: LiftedRequest,
): boolean {
  if (access === 'none' || hasOwnS3Config(residue)) return false
  return s3Config === 'always' || (s3Config === 'staged' && staged.length > 0)
}

/** Whether the caller gave an s3Config; `null` is none. */
function hasOwnS3Config(residue: Residue): boolean {
  return members(residue, 's3Config').some(({ start }) => residue.bytes[start] !== 0x6e)
}

async function readWebhook(deps: Deps, residue: Residue): Promise<string | undefined> {
  const last = members(residue, 'webhook').at(-1)
  if (last === undefined) return undefined
  const value: unknown = valueAt(residue, last)
  if (value === null || value === '') return undefined
  if (typeof value !== 'string') {
    throw new GatewayError('invalid_request', 'Cannot use a webhook that is no string', {
      pointer: '/webhook',
    })
  }
  const { url } = await checkTarget(value, {
    resolve: deps.platform.resolve,
    allowLoopback: deps.config.allowLoopbackWebhooks,
  })
  // It is put back into JSON as it stands here; the parser leaves backslashes in queries.
  return url.href.replaceAll('\\', '%5C')
}

/** `policy.ttl` as the request gives it. */
function readPolicyTtl(residue: Residue): unknown {
  const last = members(residue, 'policy').at(-1)
  const policy: unknown = last === undefined ? undefined : valueAt(residue, last)
  return typeof policy === 'object' && policy !== null && 'ttl' in policy ? policy.ttl : undefined
}

function ownersSecrets(residue: Residue): GrantSecret[] {
  return residue.members
    .filter(({ name, start }) => s3ConfigNames.has(name) && residue.bytes[start] === 0x7b)
    .flatMap((member) => callerSecrets(valueAt(residue, member)))
}

function members(residue: Residue, name: string): Residue['members'][number][] {
  return residue.members.filter((member) => member.name === name && member.depth === 1)
}

function valueAt(residue: Residue, { start, end }: { start: number; end: number }): unknown {
  try {
    return JSON.parse(decoder.decode(residue.bytes.subarray(start, end)))
  } catch {
    // A payload was lifted out of the value, so it is none that the gateway understands.
    return undefined
  }
}
