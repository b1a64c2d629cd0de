import { dueKey, endlessDay, type JobFolder, jobPrefix } from '../store/keys.ts'
import { listUploads } from '../store/list-uploads.ts'
import type { ListPage, ObjectStore } from '../store/store.ts'
import { dayOfGrantId } from './grant-id.ts'

/** Milliseconds after which the request that staged something has certainly ended. */
const stagingMs = 86_400_000

const marker = 'staging '

/**
 * Notes that a request stages payloads where no day ends: should it die before its job's grant is
 * written, the sweep removes them. Gives the key of the note, which is to be deleted once there is a grant.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function noteStaging(
  state: ObjectStore,
  { grantId }: JobFolder,
  storeId: string,
  now: number,
): Promise<string> {
  const key = dueKey(now + stagingMs, grantId)
  const bytes = new TextEncoder().encode(marker + storeId)
  await state.put(key, bytes, { contentType: 'text/plain' })
  return key
}

/**
 * Removes what a request has left where such a note says so; `text` is the note's. Resolves to the
 * number of files.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function removeStaged(
  stores: ReadonlyMap<string, ObjectStore>,
  grantId: string,
  text: string,
): Promise<number> {
  const store = text.startsWith(marker) ? stores.get(text.slice(marker.length)) : undefined
  if (store === undefined || dayOfGrantId(grantId) !== endlessDay) return 0
  const prefix = jobPrefix({ day: endlessDay, grantId })
  let uploads = await listUploads(store, prefix)
  while (uploads !== undefined) {
    for (const { key, uploadId } of uploads.uploads) await store.abortUpload(key, uploadId)
    uploads =
      uploads.next === undefined ? undefined : await listUploads(store, prefix, uploads.next)
  }
  let files = 0
  let next: string | undefined
  do {
    const page: ListPage = await store.list(prefix, next === undefined ? {} : { next })
    for (const { key } of page.objects) {
      await store.delete(key)
      files++
    }
    next = page.next
  } while (next !== undefined)
  return files
}
