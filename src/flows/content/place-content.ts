import { GatewayError } from '../../errors.ts'
import { holdContent } from '../../grants/content-records.ts'
import { reasonOf } from '../../log.ts'
import { contentKey, contentName, type StoredContent } from '../../store/content-keys.ts'
import { copyObject } from '../../store/copy-object.ts'
import { headObject } from '../../store/head-object.ts'
import { endlessDay } from '../../store/keys.ts'
import type { StagedObject } from '../../store/staged-writer.ts'
import type { ObjectStore } from '../../store/store.ts'
import { ownerHash } from '../../uploads/by-sha256.ts'
import type { Admission } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { type LiftedRequest, storeOf } from '../lift-payloads.ts'
import type { ReferredFile } from '../resolve-refs.ts'
import { stagedPath } from './address-content.ts'

/** Where a request's staged payloads lie once those with a known digest are kept by it. */
export type PlacedRequest = Pick<
  LiftedRequest,
  'staged' | 'files' | 'refs' | 'stageDay' | 'stageId'
> & {
  /** Files with mounts of their own; what is left in `staged` and `files` lies in the job's folder. */
  readonly content: readonly Required<ReferredFile>[]
}

type Hashed = StagedObject & { readonly sha256: string }

/** Files that are placed at once: Workers have six connections. */
const atOnce = 4

/**
 * Keeps payloads whose digest is known under it, once for their owner and endpoint, at least until
 * the end of `day`; those that are there already are not stored again. A payload that cannot be kept
 * so stays among the job's own files and has the same name: no request fails for it.
 */
export async function placeContent(
  deps: Deps,
  call: Call,
  admission: Admission,
  lifted: LiftedRequest,
  day: string,
): Promise<PlacedRequest> {
  const { staged, files, refs, stageDay, stageId } = lifted
  const all = [...staged.map(({ object }) => object), ...files]
  const hashed = all.filter((object): object is Hashed => object.sha256 !== undefined)
  const plain = { staged, files, refs, stageDay, stageId }
  if (hashed.length === 0) return { ...plain, content: [] }

  const store = storeOf(deps, admission.endpoint)
  const [owner] = await admission.principal.ids()
  const place = {
    storeId: store.id,
    ownerHash: await ownerHash(owner),
    endpointId: call.endpointId,
  }
  const groups = [...Map.groupBy(hashed, stagedPath).values()]
  const content: Required<ReferredFile>[] = []
  const kept = new Set<StagedObject>()

  async function placeOneByOne(): Promise<void> {
    for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
      const [first, ...same] = group
      if (first === undefined) continue
      const named = { ...place, name: contentName(first.sha256, first.key) }
      const isKept = await keep(deps, store, named, first, day)
      const gone = isKept ? group : same
      for (const object of gone) kept.add(object)
      // The day's sweep finds what stays.
      const removals = gone.map(({ key }) => store.delete(key))
      deps.platform.waitUntil(Promise.allSettled(removals))
      const { contentType, bytes: size } = first
      const key = isKept ? contentKey(named) : first.key
      content.push({ path: stagedPath(first), key, day, contentType, size })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, placeOneByOne))
  return {
    ...plain,
    staged: staged.filter(({ object }) => !kept.has(object)),
    files: files.filter((object) => !kept.has(object)),
    content,
  }
}

/** Whether a payload is kept by its content now. */
async function keep(
  { config, stateStore, platform, log }: Deps,
  store: ObjectStore,
  content: StoredContent,
  object: Hashed,
  day: string,
): Promise<boolean> {
  const key = contentKey(content)
  try {
    // What its owner alone may end goes with its job, not with others'.
    if (day === endlessDay) return false
    // Before the store is asked: from then on no sweep deletes what it says is there.
    if (!(await holdContent(stateStore, content, day))) return false
    // Of several volumes it may be on some alone, and a worker has one of them.
    const { members = [] } = config.stores.get(store.id)?.volume ?? {}
    const head = members.length > 1 ? undefined : await headObject(store, key)
    if (head?.size === object.bytes) return true
    const source = { key: object.key, size: object.bytes }
    return await copyObject(store, source, key, (ms) => platform.wait(ms))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    log.write('warn', {
      event: 'content_not_kept',
      store: store.id,
      reason: reasonOf(error.cause ?? error),
    })
    return false
  }
}
