import type { EndpointConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { type StagedPayload, stageJson } from '../intake/stage-json.ts'
import { compileRules } from '../json/pointer.ts'
import { JsonSplicer, type LiftedPayload, type Residue } from '../json/splicer.ts'
import type { Body } from '../platform.ts'
import { endlessDay, inputPrefix, payloadName } from '../store/keys.ts'
import { readMediaType } from '../store/media-type.ts'
import { createStagedWriter, type StagedObject } from '../store/staged-writer.ts'
import type { ObjectStore } from '../store/store.ts'
import { refMarker } from '../uploads/ref.ts'
import { type Admission, proveCaller } from './admit.ts'
import { writerFor } from './content/address-content.ts'
import type { Call, Deps } from './deps.ts'
import { type PlacedDirectory, partDirectories } from './directory-refs.ts'
import { asksForRetention, longestTimes } from './job-times.ts'
import { howToDeclare, type LiftPlan } from './plan-submit.ts'
import { readSource } from './read-source.ts'
import { type PlacedRef, resolveRefs } from './resolve-refs.ts'
import type { RequestSession } from './sessions/request-session.ts'
import { admitStaging } from './volume/admit-staging.ts'

/** Members of a request that the gateway looks at, in every spelling that workers know. */
export const s3ConfigNames: ReadonlySet<string> = new Set([
  's3Config',
  's3_config',
  'outputS3Config',
  'output_s3_config',
])
const watchedAtTop: ReadonlySet<string> = new Set(['input', 'webhook', 'policy'])

/** A request whose payloads are in the store. */
export interface LiftedRequest {
  readonly residue: Residue
  readonly staged: readonly StagedPayload[]
  /** Files of a form, or the one that a raw body is, staged before the rest was read. */
  readonly files: readonly StagedObject[]
  /** Strings that mean files of these, or uploads. */
  readonly refs: readonly PlacedRef[]
  /** Strings that mean directories of the job; absent: none. */
  readonly directories?: readonly PlacedDirectory[]
  /** Of a job that shares its directory with others. */
  readonly session?: RequestSession | undefined
  /** Milliseconds within which the id of a job that is submitted alone is known; see `unboundMs`. */
  readonly unboundMs?: number
  /** Id under which the payloads were staged: their keys are `{day}/{stageId}/in/…`. */
  readonly stageId: string
  readonly stageDay: string
  /** False when nothing in it has to be changed, remembered or scrubbed. */
  readonly concernsUs: boolean
}

/**
 * Walks the body, staging payloads while they arrive.
 *
 * @throws {GatewayError} as `readSource`, `stageJson` and `resolveRefs`; body_too_large when even the residue is over
 *   the limit; invalid_request when there is no object `input`, or a ref where nothing is declared
 */
export async function liftPayloads(
  deps: Deps,
  call: Call & { body: Body },
  admission: Admission,
  plan: LiftPlan,
): Promise<LiftedRequest> {
  const { config, platform } = deps
  const { endpoint, principal } = admission
  // Payloads are stored before a `policy` behind them is read: allow for the longest wait.
  const { day } = longestTimes(deps, call, endpoint, plan.within)
  const stageId = deps.grants.newId(day)
  const stage = { day, grantId: stageId }
  if (day === endlessDay) await plan.noteStage?.(stage)
  const { body, files } = await readSource(deps, call, admission, stage, plan.maxBytes).catch(
    (error: unknown) => {
      throw isTooLarge(error) ? plan.tooLarge(error.facts.actual) : error
    },
  )

  const splicer = new JsonSplicer({
    bytes: platform.bytes,
    nesting: config.limits.nesting,
    keyBytes: config.limits.keyBytes,
    residueMaxBytes: plan.maxBytes,
    stageMinBytes: endpoint.stageMinBytes,
    lift: plan.lift && plan.within !== 'document',
    inputDepth: plan.items?.depth,
    liftDataUris: plan.lift && plan.within === 'document',
    rules:
      endpoint.as === undefined
        ? []
        : compileRules([...rulesFor(endpoint, plan), ...(plan.rules ?? [])]),
    watch: s3ConfigNames,
    watchTop: new Set([...watchedAtTop, ...(plan.watchTop ?? [])]),
    refMarker,
  })

  function open(payload: LiftedPayload) {
    const writer = createStagedWriter({
      store: storeOf(deps, endpoint),
      pool: deps.pool,
      platform,
      partBytes: config.staging.partBytes,
      partsInFlight: config.staging.partsInFlight,
      async name(first) {
        const { contentType, extension } = await readMediaType(first, payload.mediaType)
        const name = payloadName(files.length + payload.index, payload.pointer, extension)
        const folder = plan.items?.folderOf(payload.pointer) ?? stage
        return { key: inputPrefix(folder) + name, contentType }
      },
    })
    return writerFor(endpoint, platform, files.length + payload.index, writer)
  }

  const { residue, staged } = await stageJson({
    body,
    splicer,
    beforeStaging: () => admitStaging(deps, call, admission),
    open,
    discard: (object) => storeOf(deps, endpoint).delete(object.key),
  }).catch(async (error: unknown) => {
    await discardStaged(deps, endpoint, { staged: [], files })
    throw isTooLarge(error) ? plan.tooLarge(error.facts.actual) : error
  })
  const taken = { residue, staged, files }
  const { refs, directories } = await readRefs(deps, call, admission, plan, taken).catch(
    async (error: unknown) => {
      await discardStaged(deps, endpoint, { staged, files })
      throw error
    },
  )
  const concernsUs =
    staged.length > 0 ||
    refs.length + directories.length > 0 ||
    principal.mode !== 'passthrough' ||
    asksForRetention(call.headers) ||
    endpoint.s3Config === 'always' ||
    residue.members.some(({ name, depth }) => s3ConfigNames.has(name) || isWebhook(name, depth))
  return { residue, staged, files, refs, directories, stageId, stageDay: day, concernsUs }
}

/** The refs of a document that is as it has to be. */
async function readRefs(
  deps: Deps,
  call: Call,
  admission: Admission,
  { within, items }: LiftPlan,
  { residue, staged, files }: Pick<LiftedRequest, 'residue' | 'staged' | 'files'>,
): Promise<{ refs: PlacedRef[]; directories: PlacedDirectory[] }> {
  if (within === 'input') requireInput(residue)
  const inputs = within === 'document' ? undefined : inputPattern(items?.pattern ?? '/input')
  const found = residue.refs.filter(({ pointer }) => inputs?.test(pointer) !== false)
  const [first] = found
  if (first === undefined) return { refs: [], directories: [] }
  // On the OpenAI route files are links, whatever else an endpoint's workers take.
  if (within !== 'document' && admission.endpoint.as === undefined) {
    const detail = `Cannot use a ref here: ${howToDeclare(call.endpointId)}`
    throw new GatewayError('invalid_request', detail, { pointer: first.pointer })
  }
  await proveCaller(deps, call, admission)
  const parted = partDirectories(call, { within }, found)
  const taken = staged.length + files.length
  const refs = await resolveRefs(deps, call, admission, parted.files, { files, taken })
  return { refs, directories: parted.directories }
}

/** Rules say where in a request; several of them lie deeper. */
function rulesFor({ rules }: EndpointConfig, { items }: LiftPlan): EndpointConfig['rules'] {
  if (items === undefined) return rules
  const above = items.pattern.replace(/\/input$/, '')
  return rules.map((rule) => ({ ...rule, pointer: above + rule.pointer }))
}

function inputPattern(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll('*', '\\d+')}/`)
}

function isTooLarge(error: unknown): error is GatewayError {
  if (!(error instanceof GatewayError) || error.code !== 'body_too_large') return false
  // The limits of a single payload have names of their own.
  return error.facts.limitName === undefined
}

function isWebhook(name: string, depth: number): boolean {
  return name === 'webhook' && depth === 1
}

/** Deletes what was staged for a request that is not submitted after all. */
export async function discardStaged(
  deps: Deps,
  endpoint: EndpointConfig,
  { staged, files }: Pick<LiftedRequest, 'staged' | 'files'>,
): Promise<void> {
  const store = storeOf(deps, endpoint)
  const keys = [...staged.map(({ object }) => object.key), ...files.map(({ key }) => key)]
  await Promise.allSettled(keys.map((key) => store.delete(key)))
}

/** @throws {GatewayError} misconfigured */
export function storeOf(deps: Deps, endpoint: EndpointConfig): ObjectStore {
  const store = deps.store(endpoint.storeId)
  if (store === undefined) throw new GatewayError('misconfigured', 'The endpoint has no store')
  return store
}

function requireInput(residue: Residue): void {
  const inputs = residue.members.filter(({ name, depth }) => name === 'input' && depth === 1)
  if (residue.topLevel !== 'object' || inputs.length === 0) {
    throw new GatewayError('invalid_request', 'Cannot submit a job without "input"', {
      pointer: '/input',
    })
  }
  for (const { start } of inputs) {
    if (residue.bytes[start] !== 0x7b) {
      throw new GatewayError('invalid_request', 'Cannot submit a job whose "input" is no object', {
        pointer: '/input',
      })
    }
  }
}
