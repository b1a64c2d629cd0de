import { callerSecrets } from '../access/caller-secrets.ts'
import { type Minted, renderS3Config } from '../access/minter.ts'
import type { PayloadForm } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { markInputsDue } from '../grants/due.ts'
import type { Grant, GrantSecret } from '../grants/grant.ts'
import { type Edit, renderResidue } from '../json/render.ts'
import type { LiftRule } from '../json/rules.ts'
import type { Residue } from '../json/splicer.ts'
import { makeWebhookToken } from '../webhooks/sealed-url.ts'
import { type SignerIds, signerIds } from '../webhooks/signing-secret.ts'
import type { Admission } from './admit.ts'
import { placeContent } from './content/place-content.ts'
import type { Call, Deps } from './deps.ts'
import { directoryEdits } from './directory-refs.ts'
import { chooseAccess, grantedKeys, withdrawAccess } from './give-access.ts'
import { jobTimes } from './job-times.ts'
import { type LiftedRequest, s3ConfigNames } from './lift-payloads.ts'
import { newGrant } from './new-grant.ts'
import { members, readPolicyTtl, readWebhook, valueAt } from './request-members.ts'
import { noteKey } from './results/request-id.ts'
import { requireSessionAccess, sessionOf } from './sessions/request-session.ts'
import { sealHeld } from './sessions/seal-held.ts'
import { StandIns, standInsFor } from './stand-ins.ts'
import { requireVolumes } from './volume/admit-staging.ts'

/**
 * Seals the grant of a request and renders what goes upstream: paths for payloads, the job's keys,
 * the gateway's own webhook. `ttl`, in milliseconds, stands in for what its `policy` says of how long
 * the job may take. Keys that were issued for a request which fails after all are revoked.
 *
 * @throws {GatewayError} webhook_refused, invalid_request, body_too_large, store_unavailable,
 *   access_refused, access_unavailable, misconfigured
 */
export async function sealJob(
  deps: Deps,
  call: Call,
  admission: Admission,
  lifted: LiftedRequest,
  maxBytes: number,
  ttl?: number,
): Promise<{ grant: Grant; request: Uint8Array }> {
  const { endpoint } = admission
  const { residue } = lifted
  await requireVolumes(deps, call, lifted)
  const webhook = await readWebhook(deps, residue)
  const times = jobTimes(deps, call, endpoint, ttl ?? readPolicyTtl(residue))
  const isWanted = wantsS3Config(endpoint, lifted)
  requireSessionAccess(endpoint, lifted, isWanted)
  const asked = isWanted ? endpoint : { ...endpoint, access: 'none' as const }
  const placed = await placeContent(deps, call, admission, lifted, times.day)
  const access = await chooseAccess(deps, asked, placed, times)
  let minted: Minted | undefined
  try {
    const requestKey = await noteKey(call, admission.principal, access.folder.grantId)
    const unsealed: Grant = {
      ...(await newGrant(deps, call, admission, access, times)),
      ...sessionOf(endpoint, lifted.session, access.mounts),
      ...(requestKey === undefined ? {} : { requestKey }),
      secrets: ownersSecrets(residue),
      ...(webhook === undefined ? {} : { webhook, webhookSigner: await signerOf(deps, admission) }),
    }
    minted = isWanted ? await access.minter.mint(unsealed) : undefined
    const { native } = access
    const standIns = new StandIns(deps, { grant: unsealed, native, s3Config: minted?.s3Config })
    const formOf = formsOf(endpoint, residue)
    const replaced = await standInsFor(lifted, standIns, formOf)
    const job = { ...access, ...endpoint, session: lifted.session, s3Config: minted?.s3Config }
    const directories = directoryEdits(deps, lifted.directories, job, formOf)
    // The job bucket's keys are derived anew whenever they are looked for.
    const own = access.native === undefined ? [] : (minted?.secrets ?? [])
    const secrets = [...unsealed.secrets, ...standIns.secrets, ...own]
    const grant = { ...unsealed, ...grantedKeys(access.native, minted), secrets }
    const edits = [
      ...(await requestEdits(deps, endpoint, residue, grant, minted)),
      ...directories,
      ...replaced.edits,
    ]
    const request = renderResidue(residue, replaced.texts, edits)
    if (request.length > maxBytes) throw tooLarge(request.length, maxBytes)
    // Should nobody ever learn its id, no day would remove it; a batch's are known by other roads.
    const isAlone = lifted.unboundMs !== undefined
    if (isAlone && grant.retention === 'persistent') {
      await markInputsDue(deps.stateStore, grant, grant.writeExpiresAt)
    }
    return { grant: await sealHeld(deps, call, admission, lifted, grant), request }
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

async function signerOf({ keyring }: Deps, { principal }: Admission): Promise<SignerIds> {
  return signerIds(keyring, await principal.ids())
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

/** In which form a request's files are named. */
export function formsOf(
  { as }: Admission['endpoint'],
  residue: Residue,
): (rule: LiftRule | undefined) => PayloadForm {
  // A key means something in our bucket only: beside the caller's own s3Config it is a link. A path
  // means the same beside any.
  const isLink = hasOwnS3Config(residue)
  return (rule) => {
    const form = rule?.as ?? as ?? 'key'
    return isLink && form !== 'path' ? 'url' : form
  }
}

/** Whether a job is given an s3Config. */
export function wantsS3Config(
  { access, s3Config }: Admission['endpoint'],
  { residue, staged, refs, directories = [], session }: LiftedRequest,
): boolean {
  if (access === 'none' || access === 'volume' || hasOwnS3Config(residue)) return false
  const named = staged.length + refs.length + directories.length
  return s3Config === 'always' || (s3Config === 'staged' && (named > 0 || session !== undefined))
}

/** Whether the caller gave an s3Config; `null` is none. */
function hasOwnS3Config(residue: Residue): boolean {
  return members(residue, 's3Config').some(({ start }) => residue.bytes[start] !== 0x6e)
}

function ownersSecrets(residue: Residue): GrantSecret[] {
  return residue.members
    .filter(({ name, start }) => s3ConfigNames.has(name) && residue.bytes[start] === 0x7b)
    .flatMap((member) => callerSecrets(valueAt(residue, member)))
}
