import { ownPrefixes } from '../grants/due.ts'
import type { Grant } from '../grants/grant.ts'
import { listUploads } from '../store/list-uploads.ts'
import type { ListPage, ObjectStore } from '../store/store.ts'

/**
 * Removes a job's own inputs and outputs. What else is mounted, an upload or a session, belongs to
 * more than this job and stays.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function removeFiles(
  store: ObjectStore | undefined,
  grant: FiledGrant,
): Promise<void> {
  for (const prefix of ownPrefixes(grant)) {
    let next: string | undefined
    do {
      const page: ListPage | undefined = await store?.list(
        prefix,
        next === undefined ? {} : { next },
      )
      await Promise.all((page?.objects ?? []).map((object) => store?.delete(object.key)))
      next = page?.next
    } while (next !== undefined)
  }
}

/**
 * Aborts what is still being uploaded to a job's own outputs, where the store can say so.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function abortUploads(
  store: ObjectStore | undefined,
  grant: FiledGrant,
): Promise<void> {
  if (store === undefined) return
  for (const prefix of ownPrefixes(grant)) {
    let page = await listUploads(store, prefix)
    while (page !== undefined) {
      await Promise.all(page.uploads.map(({ key, uploadId }) => store.abortUpload(key, uploadId)))
      page = page.next === undefined ? undefined : await listUploads(store, prefix, page.next)
    }
  }
}

type FiledGrant = Pick<Grant, 'access' | 'day' | 'grantId' | 'mounts'>
