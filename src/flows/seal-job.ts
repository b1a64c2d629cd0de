import { callerSecrets } from '../access/caller-secrets.ts'
import { mintS3Config } from '../access/s3-config.ts'
import { GatewayError } from '../errors.ts'
import type { Grant, GrantSecret, Mount } from '../grants/grant.ts'
import { lifetimesOf } from '../grants/ttl.ts'
import { type Edit, renderResidue } from '../json/render.ts'
import type { LiftedPayload, Residue } from '../json/splicer.ts'
import { Secret } from '../log.ts'
import { makeFileLink } from '../outputs/file-link.ts'
import { inputPrefix, outputPrefix } from '../store/keys.ts'
import { makeWebhookToken } from '../webhooks/sealed-url.ts'
import { checkTarget } from '../webhooks/target.ts'
import type { Admission } from './admit.ts'
import type { Call, Deps } from './deps.ts'
import { type LiftedRequest, s3ConfigNames } from './lift-payloads.ts'

const decoder = new TextDecoder()

/**
 * Seals the grant of a request and renders what goes upstream: paths for payloads, the scoped key,
 * the gateway's own webhook.
 *
 * @throws {GatewayError} webhook_refused, invalid_request, body_too_large, store_unavailable
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
  const grantId = deps.grants.newId(times.day)
  // A key means something in our bucket only: beside the caller's own s3Config it is a link.
  const as = hasOwnS3Config(residue) ? 'url' : undefined
  const choose = (payload: LiftedPayload) => as ?? payload.rule?.as ?? endpoint.as ?? 'key'
  const [owner] = await principal.ids()
  const replacements = await replace(deps, choose, lifted, grantId, times)

  const grant: Grant = {
    grantId,
    kid: keyring.current,
    day: times.day,
    endpointId: call.endpointId,
    storeId: endpoint.storeId,
    owner,
    state: 'active',
    createdAt: now,
    writeExpiresAt: times.writeExpiresAt,
    readExpiresAt: times.readExpiresAt,
    mounts: [
      ...inputMounts(lifted),
      { path: '', key: outputPrefix({ day: times.day, grantId }), mode: 'read-write' },
    ],
    secrets: [...ownersSecrets(residue), ...replacements.secrets],
    ...(webhook === undefined ? {} : { webhook }),
  }
  const edits = await requestEdits(deps, endpoint, lifted, grant)
  const request = renderResidue(residue, replacements.texts, edits)
  if (request.length > maxBytes) {
    throw new GatewayError(
      'body_too_large',
      `Cannot submit ${request.length} bytes that are left after staging: ${maxBytes} allowed. ` +
        'Put large text into a staged value by a rule, or send a link',
      { limit: maxBytes, actual: request.length },
    )
  }
  await deps.grants.seal(grant)
  return { grant, request }
}

function inputMounts({ staged, stageDay, stageId }: LiftedRequest): Mount[] {
  if (staged.length === 0) return []
  return [{ path: 'in/', key: inputPrefix({ day: stageDay, grantId: stageId }), mode: 'read' }]
}

/** The strings that stand in for the payloads; links are secrets of the job. */
async function replace(
  { config, keyring }: Deps,
  choose: (payload: LiftedPayload) => 'key' | 'url',
  { staged }: LiftedRequest,
  grantId: string,
  times: { readExpiresAt: number },
): Promise<{ texts: string[]; secrets: GrantSecret[] }> {
  const texts: string[] = []
  const secrets: GrantSecret[] = []
  for (const { payload, object } of staged) {
    const path = `in/${object.key.split('/').at(-1)}`
    if (choose(payload) === 'key') {
      texts[payload.index] = JSON.stringify(path)
      continue
    }
    const { publicUrl } = config
    const expiresAt = times.readExpiresAt
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
  { residue, staged }: LiftedRequest,
  grant: Grant,
): Promise<Edit[]> {
  const edits: Edit[] = []
  const token = await makeWebhookToken(keyring, grant.kid, grant.grantId)
  const webhookText = JSON.stringify(`${config.publicUrl}/webhooks/${token}`)
  const webhooks = members(residue, 'webhook')
  for (const { start, end } of webhooks) edits.push({ start, end, text: webhookText })

  let inserted = webhooks.length === 0 ? `"webhook":${webhookText},` : ''
  const wanted = endpoint.s3Config === 'always' || (endpoint.s3Config === 'staged' && staged.length)
  if (wanted && !hasOwnS3Config(residue) && endpoint.access === 'job-bucket') {
    const { json } = await mintS3Config({ keyring, grant, jobBucketUrl: config.jobBucketUrl })
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
