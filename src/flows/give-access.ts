import { gatherInputs } from '../access/gather-inputs.ts'
import type { Minted, Minter } from '../access/minter.ts'
import { isNative } from '../config/check-native-access.ts'
import type { EndpointConfig, NativeAccess } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Grant, Mount } from '../grants/grant.ts'
import type { Lifetimes } from '../grants/ttl.ts'
import { reasonOf } from '../log.ts'
import { inputPrefix, type JobFolder, outputPrefix } from '../store/keys.ts'
import type { PlacedRequest } from './content/place-content.ts'
import type { Deps } from './deps.ts'
import { storeOf } from './lift-payloads.ts'
import { type ReferredFile, uploadsOf } from './resolve-refs.ts'

/** How a job reaches its files, and where they are. */
export interface JobAccess {
  readonly minter: Minter
  /** Absent: the job bucket. */
  readonly native?: NativeAccess
  readonly folder: JobFolder
  readonly mounts: readonly Mount[]
  /** Real keys of what was copied for it. */
  readonly copied: readonly string[]
}

/**
 * Decides how a job reaches its files: as its endpoint says, or through the job bucket where the
 * store's keys could not live as long as the job may take. Copies uploads to its staged inputs where
 * they might not be there as long as the job is, or the store's keys cannot name them.
 *
 * @throws {GatewayError} misconfigured, store_unavailable; invalid_request where an upload is gone
 */
export async function chooseAccess(
  deps: Deps,
  endpoint: EndpointConfig,
  placed: PlacedRequest,
  times: Lifetimes,
): Promise<JobAccess> {
  const { staged, files, refs, content, stageDay, stageId } = placed
  const stage = { day: stageDay, grantId: stageId }
  const native = chooseNative(deps, endpoint, times)
  // Keys of a store name real places: fewest where inputs and outputs lie in one folder.
  const folder = native ? stage : { day: times.day, grantId: deps.grants.newId(times.day) }
  const inputs: Mount = { path: 'in/', key: inputPrefix(stage), mode: 'read' }
  const outputs: Mount = { path: '', key: outputPrefix(folder), mode: 'read-write' }
  // The same bytes may be among both: one file of that name is enough.
  const named = new Map([...uploadsOf(refs), ...content].map((file) => [file.path, file]))
  const uploads = [...named.values()]
  const passing = uploads.filter(({ day }) => day < times.day)
  const lasting = uploads.filter((upload) => !passing.includes(upload)).map(mountOf)

  const isTogether =
    native !== undefined &&
    lasting.length > 0 &&
    (native.minter.scope === 'prefix' ||
      native.minter.fits?.([...lasting, inputs, outputs]) === false)
  const toCopy = isTogether ? uploads : passing
  // Copies lie among the staged inputs, and go with them.
  const copied = await copyTo(deps, endpoint, stage, toCopy)
  const isStaged = staged.length + files.length + copied.length > 0
  // What is in the job's folder already may have another name there.
  const isOwn = ({ key }: Mount) => key.startsWith(inputs.key)
  const apart = isTogether ? lasting.filter(isOwn) : lasting
  const mounts = [...apart, ...(isStaged ? [inputs] : []), outputs]
  if (native === undefined) return { minter: deps.jobBucketMinter, folder, mounts, copied }
  return { minter: native.minter, native: native.access, folder, mounts, copied }
}

/** Copies uploads to a request's staged inputs; gives the real keys of the copies. */
async function copyTo(
  deps: Deps,
  endpoint: EndpointConfig,
  stage: JobFolder,
  uploads: readonly Required<ReferredFile>[],
): Promise<string[]> {
  if (uploads.length === 0) return []
  const mounts = uploads.map((file) => ({ ...mountOf(file), size: file.size }))
  const store = storeOf(deps, endpoint)
  const { copied } = await gatherInputs(store, stage, mounts, deps.platform.wait)
  return copied
}

function mountOf({ path, key }: ReferredFile): Mount {
  return { path, key, mode: 'read' }
}

/** The store's own keys, where an endpoint's jobs are given them and they live long enough. */
export function chooseNative(
  deps: Deps,
  endpoint: EndpointConfig,
  { writeExpiresAt }: Lifetimes,
): { minter: Minter; access: NativeAccess } | undefined {
  const { access, storeId } = endpoint
  if (!isNative(access)) return undefined
  const minter = deps.nativeMinter(storeId, access)
  if (minter === undefined) {
    throw new GatewayError('misconfigured', 'The endpoint’s store cannot issue keys')
  }
  const { longestSeconds } = minter
  const jobSeconds = Math.ceil((writeExpiresAt - deps.platform.now()) / 1000)
  if (jobSeconds <= longestSeconds) return { minter, access }
  deps.log.write('warn', {
    event: 'access_fallback',
    access,
    store: storeId,
    reason:
      'the store’s keys could not live as long as the job may take: it is given the job bucket',
    jobSeconds,
    longestSeconds,
  })
  return undefined
}

/**
 * Makes the keys of a job that has ended useless, where that can be done. The grant remembers keys
 * that could not be revoked, for the next who hears of the end; they expire by themselves all the same.
 */
export async function endKeys(deps: Deps, grant: Grant): Promise<void> {
  if (grant.revocation === undefined || !(await revokeKeys(deps, grant))) return
  await deps.grants.update(grant.grantId, (current) => {
    const { revocation, ...rest } = current
    return revocation === undefined ? current : rest
  })
}

/** Revokes keys; false, and a line in the log, where the store did not do it. */
export async function revokeKeys(
  deps: Deps,
  grant: Pick<Grant, 'access' | 'revocation' | 'storeId'>,
): Promise<boolean> {
  const { access, revocation, storeId } = grant
  if (access === undefined || revocation === undefined) return true
  try {
    await deps.nativeMinter(storeId, access)?.revoke?.(revocation)
    return true
  } catch (error) {
    const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error)
    deps.log.write('warn', { event: 'revoke_failed', access, reason })
    return false
  }
}

/** Takes back what was done for a job that is not submitted after all. */
export async function withdrawAccess(
  deps: Deps,
  storeId: string,
  { native, copied }: JobAccess,
  minted: Minted | undefined,
): Promise<void> {
  const store = deps.store(storeId)
  await revokeKeys(deps, { storeId, ...grantedKeys(native, minted) })
  await Promise.allSettled(copied.map((key) => store?.delete(key)))
}

/** What a grant keeps of minted keys. */
export function grantedKeys(
  native: NativeAccess | undefined,
  minted: Minted | undefined,
): Pick<Grant, 'access' | 'revocation'> {
  if (native === undefined || minted === undefined) return {}
  const { revocation } = minted
  return { access: native, ...(revocation === undefined ? {} : { revocation }) }
}
