import { listUploads } from '../store/list-uploads.ts'
import type { ObjectStore } from '../store/store.ts'

/**
 * Aborts the uploads that a request which died has left open for the file of a shared name. Only who
 * has the turn to write that file, and found one that was not ended, may take them for its own.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function abortLeft(
  store: Pick<ObjectStore, 'send' | 'abortUpload'>,
  keptKey: string,
): Promise<void> {
  let page = await listUploads(store, keptKey)
  while (page !== undefined) {
    for (const { key, uploadId } of page.uploads) {
      if (key === keptKey) await store.abortUpload(key, uploadId)
    }
    page = page.next === undefined ? undefined : await listUploads(store, keptKey, page.next)
  }
}
