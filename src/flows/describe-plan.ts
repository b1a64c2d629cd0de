import type { EndpointConfig, PayloadForm } from '../config/config.ts'
import { renderResidue } from '../json/render.ts'
import type { LiftRule } from '../json/rules.ts'
import type { Body, Reply } from '../platform.ts'
import { createDroppingStore } from '../store/dropping-store.ts'
import type { Admission } from './admit.ts'
import { stagedPath } from './content/address-content.ts'
import type { Call, Deps } from './deps.ts'
import { directoryEdits } from './directory-refs.ts'
import { chooseNative } from './give-access.ts'
import { jobTimes } from './job-times.ts'
import { type LiftedRequest, liftPayloads } from './lift-payloads.ts'
import { newGrant } from './new-grant.ts'
import type { SubmitPlan } from './plan-submit.ts'
import { readPolicyTtl, readWebhook } from './request-members.ts'
import { formsOf, wantsS3Config } from './seal-job.ts'
import { requireSessionAccess, sessionOfCall } from './sessions/request-session.ts'
import { StandIns, standInsFor } from './stand-ins.ts'
import { pathOnVolume } from './volume/path-on-volume.ts'
import { plannedMounts } from './volume/planned-mounts.ts'

/** Why a value would be a file: it is one, or what says so. */
type Reason = 'file' | 'rule' | 'stage-always' | 'over-limit'

/** A value that would be a file. */
interface PlannedFile {
  /** RFC 6901 pointer of the value. */
  readonly pointer: string
  readonly bytes: number
  readonly mediaType: string
  readonly as: PayloadForm
  /** Id of the store and path in the job's bucket. */
  readonly store: string
  readonly path: string
  /** Where the worker would find it on its network volume. */
  readonly workerPath?: string
  readonly because: Reason
}

/** What would become of a request: `schemas/JobPlan.json`. */
interface Plan {
  /** Whether the body would go upstream byte for byte. */
  readonly untouched: boolean
  readonly staged: readonly PlannedFile[]
  /** Values that are refs of uploads. */
  readonly uploads: readonly Pick<PlannedFile, 'pointer' | 'as' | 'store' | 'path' | 'workerPath'>[]
  /** Bytes of the request without keys and webhook, and how many upstream takes. */
  readonly left: { readonly bytes: number; readonly limit: number }
  /** How the worker would reach the files; `s3Config`: whether it would be given keys. */
  readonly access: { readonly kind: string; readonly s3Config: boolean }
}

/** Whether a request asks with `Prefer: return=plan` (RFC 7240) what would become of it. */
export function asksForPlan(headers: Headers): boolean {
  const preferences = headers.get('prefer')?.split(',') ?? []
  return preferences.some((one) => /^\s*return\s*=\s*"?plan"?\s*(;|$)/i.test(one))
}

/** The plan of a body that concerns nobody but upstream. */
export function describeUntouched(bytes: number, { maxBytes }: SubmitPlan): Reply {
  return planReply({
    untouched: true,
    staged: [],
    uploads: [],
    left: { bytes, limit: maxBytes },
    access: { kind: 'none', s3Config: false },
  })
}

/**
 * Reads a request to its end and says what would become of it. Nothing is stored and nothing is
 * submitted; what would be refused for its body is refused here too.
 *
 * @throws {GatewayError} as `liftPayloads`; webhook_refused, invalid_request, misconfigured
 */
export async function describePlan(
  deps: Deps,
  call: Call & { body: Body },
  admission: Admission,
  plan: SubmitPlan,
): Promise<Reply> {
  const { endpoint } = admission
  const { storeId } = endpoint
  const store = createDroppingStore(storeId)
  const session = await sessionOfCall(deps, call, admission)
  const read = await liftPayloads({ ...deps, store: () => store }, call, admission, plan)
  const lifted = { ...read, session, concernsUs: read.concernsUs || session !== undefined }
  if (!lifted.concernsUs && plan.kind === 'json') {
    return describeUntouched(lifted.residue.bytes.length, plan)
  }
  await readWebhook(deps, lifted.residue)
  const ttl = readPolicyTtl(lifted.residue)
  const times = jobTimes(deps, call, endpoint, ttl)
  const folder = { day: lifted.stageDay, grantId: lifted.stageId }
  const mounts = await plannedMounts(call, admission, lifted)
  const grant = await newGrant(deps, call, admission, { folder, mounts }, times)
  const formOf = formsOf(endpoint, lifted.residue)
  const replaced = await standInsFor(lifted, new StandIns(deps, { grant }), formOf)
  const s3Config = wantsS3Config(endpoint, lifted)
  const native = s3Config ? chooseNative(deps, endpoint, times)?.access : undefined
  requireSessionAccess(endpoint, lifted, s3Config)
  const job = { folder, storeId, native, session }
  const directories = directoryEdits(deps, lifted.directories, job, formOf)
  const edits = [...replaced.edits, ...directories]
  const left = renderResidue(lifted.residue, replaced.texts, edits).length
  if (left > plan.maxBytes) throw plan.tooLarge(left)
  const seen = <File extends Pick<PlannedFile, 'as' | 'path'>>(file: File): File =>
    file.as === 'path' ? { ...file, workerPath: pathOnVolume(deps.config, grant, file.path) } : file
  const without = endpoint.access === 'volume' ? 'volume' : 'none'
  return planReply({
    untouched: false,
    staged: plannedFiles(lifted, endpoint, formOf).map(seen),
    uploads: lifted.refs.flatMap(({ pointer, rule, file }) =>
      file.day === undefined
        ? []
        : [seen({ pointer, as: formOf(rule), store: storeId, path: file.path })],
    ),
    left: { bytes: left, limit: plan.maxBytes },
    access: { kind: s3Config ? (native ?? 'job-bucket') : without, s3Config },
  })
}

function plannedFiles(
  { staged, files, refs }: LiftedRequest,
  { storeId: store, stage }: EndpointConfig,
  formOf: ReturnType<typeof formsOf>,
): PlannedFile[] {
  const ofForm = refs.flatMap(({ pointer, rule, file }) => {
    const object = files.find(({ key }) => key === file.key)
    return object === undefined ? [] : [{ pointer, rule, object, because: 'file' as const }]
  })
  const bySize = stage === 'always' ? 'stage-always' : 'over-limit'
  const because = (rule: LiftRule | undefined): Reason => (rule?.stage === true ? 'rule' : bySize)
  const lifted = staged.map(({ payload: { pointer, rule }, object }) => {
    return { pointer, rule, object, because: because(rule) }
  })
  return [...ofForm, ...lifted].map(({ pointer, rule, object, because }) => ({
    pointer,
    bytes: object.bytes,
    mediaType: object.contentType,
    as: formOf(rule),
    store,
    path: stagedPath(object),
    because,
  }))
}

function planReply(plan: Plan): Reply {
  const headers = new Headers({
    'content-type': 'application/json',
    'preference-applied': 'return=plan',
    vary: 'prefer',
  })
  return { status: 200, headers, body: new TextEncoder().encode(JSON.stringify(plan)) }
}
