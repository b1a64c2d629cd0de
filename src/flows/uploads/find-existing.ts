import { isOwner } from '../../auth/principal.ts'
import { headObject } from '../../store/head-object.ts'
import type { ObjectStore } from '../../store/store.ts'
import { findSameContent } from '../../uploads/by-sha256.ts'
import { isSameEtag } from '../../uploads/check-parts.ts'
import { holderOf } from '../../uploads/kept-name.ts'
import { turnName } from '../../uploads/turn-name.ts'
import { type Upload, usableUntil } from '../../uploads/upload.ts'
import type { Admission } from '../admit.ts'
import type { Deps } from '../deps.ts'

/**
 * A complete upload that can stand in for a planned one: the same principal's and endpoint's, of the
 * same SHA-256, media type and name, still as it was verified, and good for half as long as a new one at least.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function findExisting(
  deps: Deps,
  store: ObjectStore,
  { principal }: Admission,
  planned: Upload,
): Promise<Upload | undefined> {
  const { sha256, endpointId, owner } = planned
  if (sha256 === undefined) return undefined
  for (const uploadId of await findSameContent(deps.stateStore, { owner, endpointId, sha256 })) {
    const upload = await deps.uploads.read(uploadId)
    if (upload === undefined || !isAlike(deps, upload, planned)) continue
    if (!(await isOwner(principal, upload.owner))) continue
    const { keptKey } = upload
    // One whose file a newer one has replaced goes after a time.
    if (
      keptKey !== undefined &&
      (await holderOf(deps.stateStore, turnName({ ...upload, keptKey }))) !== uploadId
    )
      continue
    const head = await headObject(store, upload.key)
    if (head?.size === upload.size && isSameEtag(head.etag, upload.etag ?? '')) return upload
  }
  return undefined
}

function isAlike({ config, platform }: Deps, upload: Upload, planned: Upload): boolean {
  const { uploads } = config
  const livesOn = usableUntil(uploads, upload) - platform.now() >= uploads.keepSeconds * 500
  return (
    upload.state === 'complete' &&
    upload.retain === planned.retain &&
    // Its worker knows the file by these.
    upload.keptKey === planned.keptKey &&
    (upload.keptKey !== undefined || nameOf(upload.key) === nameOf(planned.key)) &&
    upload.contentType === planned.contentType &&
    upload.endpointId === planned.endpointId &&
    upload.storeId === planned.storeId &&
    upload.sha256 === planned.sha256 &&
    upload.size === planned.size &&
    livesOn
  )
}

function nameOf(key: string): string | undefined {
  return key.split('/').at(-1)
}
