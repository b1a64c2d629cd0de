import { isOwner } from '../auth/principal.ts'
import { GatewayError } from '../errors.ts'
import type { FoundRef } from '../json/splicer.ts'
import type { StagedObject } from '../store/staged-writer.ts'
import { readRef } from '../uploads/ref.ts'
import { type Upload, usableUntil } from '../uploads/upload.ts'
import type { Admission } from './admit.ts'
import { stagedPath } from './content/address-content.ts'
import type { Call, Deps } from './deps.ts'

/** A file that lay in the store before its request was read. */
export interface ReferredFile {
  /** Virtual path in the job bucket. */
  readonly path: string
  /** Real key. */
  readonly key: string
  /** Last day (UTC) on which it is there; absent where it was staged for this very request. */
  readonly day?: string
  readonly contentType: string
  /** Bytes. */
  readonly size: number
}

/** A ref of a request, and what it means; refs to one file share one. */
export interface PlacedRef extends FoundRef {
  readonly file: ReferredFile
}

/**
 * Uploads that one request may refer to: each is read, listed and perhaps copied by a request to the
 * store, and Workers have a thousand of them.
 */
const uploadsMax = 400

/** Records that are read at once: Workers have six connections. */
const atOnce = 4

/**
 * Finds what the refs of a request mean: uploads of the same caller to the same endpoint, or the
 * request's own files, by number, which are staged already and named by `bulkway:form/{n}`. Uploads
 * are given the names that follow `taken` others.
 *
 * @throws {GatewayError} upload_not_found, also for what is somebody else's; upload_incomplete,
 *   upload_mismatch, upload_expired, store_unavailable; invalid_request for more than 400 uploads
 */
export async function resolveRefs(
  deps: Deps,
  call: Call,
  admission: Admission,
  found: readonly FoundRef[],
  { files, taken }: { readonly files: readonly StagedObject[]; readonly taken: number },
): Promise<PlacedRef[]> {
  const ids = new Set(found.flatMap(({ text }) => readRef(text) ?? []))
  if (ids.size > uploadsMax) {
    const detail = `Refer to at most ${uploadsMax} uploads in one request`
    throw new GatewayError('invalid_request', detail, { limit: uploadsMax, actual: ids.size })
  }
  const uploads = await readUploads(deps, [...ids])
  const placed = new Map<string, ReferredFile>()

  async function place(ref: FoundRef): Promise<ReferredFile> {
    const own = /^bulkway:form\/(0|[1-9]\d{0,5})$/.exec(ref.text)?.[1]
    const file = own === undefined ? undefined : files[Number(own)]
    if (file !== undefined) {
      const { key, contentType, bytes: size } = file
      return { path: stagedPath(file), key, contentType, size }
    }
    const uploadId = readRef(ref.text) ?? ''
    const known = placed.get(uploadId)
    if (known !== undefined) return known
    const upload = uploads.get(uploadId)
    const usable = await requireUsable(deps, call, admission, upload, ref.pointer)
    const { key, day, contentType, size } = usable
    const isNamed = admission.endpoint.contentAddressed && hasOwnContent(usable)
    const path = isNamed ? stagedPath(usable) : pathOf(key, taken + placed.size)
    // The same bytes twice are one file, whichever upload they come from.
    const same = [...placed.values()].find((file) => file.path === path)
    const added = same ?? { path, key, day, contentType, size }
    placed.set(uploadId, added)
    return added
  }

  const refs: PlacedRef[] = []
  for (const ref of found) refs.push({ ...ref, file: await place(ref) })
  return refs
}

/** Distinct uploads among what refs mean. */
export function uploadsOf(refs: readonly PlacedRef[]): Required<ReferredFile>[] {
  const files = new Set(refs.map(({ file }) => file))
  return [...files].flatMap(({ day, ...file }) => (day === undefined ? [] : [{ ...file, day }]))
}

/** Whether an upload's digest is known and its file never another one, as that of a kept name may be. */
function hasOwnContent({ sha256, retain }: Upload): boolean {
  return sha256 !== undefined && retain === 'day'
}

/** The path of an upload under the job's inputs. */
function pathOf(key: string, number: number): string {
  return `in/${number}-${key.split('/').at(-1)}`
}

async function readUploads(deps: Deps, ids: string[]): Promise<Map<string, Upload>> {
  const uploads = new Map<string, Upload>()
  async function readOneByOne(): Promise<void> {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const upload = await deps.uploads.read(id)
      if (upload !== undefined) uploads.set(id, upload)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, readOneByOne))
  return uploads
}

async function requireUsable(
  { config, platform }: Deps,
  { endpointId }: Call,
  { endpoint, principal }: Admission,
  upload: Upload | undefined,
  pointer: string,
): Promise<Upload> {
  const isKnown =
    upload !== undefined &&
    upload.state !== 'deleted' &&
    upload.endpointId === endpointId &&
    upload.storeId === endpoint.storeId &&
    (await isOwner(principal, upload.owner))
  // Nobody learns whether somebody else's is there.
  if (!isKnown) {
    throw new GatewayError('upload_not_found', 'Cannot find the upload of this ref', { pointer })
  }
  const isOpen = upload.state === 'open'
  if (platform.now() >= (isOpen ? upload.openUntil : usableUntil(config.uploads, upload))) {
    throw new GatewayError('upload_expired', 'Cannot use an upload that has expired', { pointer })
  }
  if (upload.state === 'failed') {
    const detail = 'Cannot use an upload that was not what had been announced: upload it again'
    throw new GatewayError('upload_mismatch', detail, { pointer })
  }
  if (upload.state !== 'complete') {
    const detail =
      'Cannot use an upload before it is complete: send what is missing and complete it'
    throw new GatewayError('upload_incomplete', detail, { pointer })
  }
  return upload
}
