import { encodeHex } from '../sigv4/encode.ts'
import { readSameContentKey, sameContentPrefix } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Upload } from './upload.ts'

/** Whose uploads of which content. */
export interface SameContent {
  readonly owner: string
  readonly endpointId: string
  /** Lower-case hex. */
  readonly sha256: string
}

/** Pointers that are looked at: the last ones, which live longest. Others may bear other names. */
const candidates = 20

/** A principal as a segment of a key: 32 hex characters that do not tell the name. */
export async function ownerHash(owner: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(owner))
  return encodeHex(new Uint8Array(digest).subarray(0, 16))
}

/** Ids of one owner's complete uploads of one content, those of the latest days first. */
export async function findSameContent(
  state: ObjectStore,
  same: SameContent,
): Promise<readonly string[]> {
  const prefix = await prefixOf(same)
  let last: string[] = []
  for (
    let next: string | undefined, isFirst = true;
    isFirst || next !== undefined;
    isFirst = false
  ) {
    const page = await state.list(prefix, next === undefined ? {} : { next })
    const ids = page.objects.map(({ key }) => readSameContentKey(key))
    last = [...last, ...ids.filter((id) => id !== undefined)].slice(-candidates)
    next = page.next
  }
  return last.reverse()
}

/** Notes that a complete upload has this content. */
export async function noteContent(
  state: ObjectStore,
  upload: Upload & { readonly sha256: string },
): Promise<void> {
  const key = `${await prefixOf(upload)}${upload.uploadId}`
  await state.put(key, new Uint8Array(0), { contentType: 'text/plain' })
}

/** Forgets the content of an upload that goes. */
export async function forgetContent(state: ObjectStore, upload: Upload): Promise<void> {
  const { sha256, etag } = upload
  // Only what was complete has an ETag.
  if (sha256 === undefined || etag === undefined) return
  await state.delete(`${await prefixOf({ ...upload, sha256 })}${upload.uploadId}`)
}

async function prefixOf({ owner, endpointId, sha256 }: SameContent): Promise<string> {
  return sameContentPrefix(await ownerHash(owner), endpointId, sha256)
}
