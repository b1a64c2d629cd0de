import { isOwner } from '../../auth/principal.ts'
import type { components } from '../../contract/types.gen.ts'
import { validateUploadRequest } from '../../contract/validators.gen.js'
import { GatewayError } from '../../errors.ts'
import type { Reply } from '../../platform.ts'
import { keyName, shownName } from '../../store/file-name.ts'
import { dayOf, uploadKey } from '../../store/keys.ts'
import { readMediaType } from '../../store/media-type.ts'
import type { ObjectStore } from '../../store/store.ts'
import { planParts } from '../../uploads/part-plan.ts'
import { refOf } from '../../uploads/ref.ts'
import { noteUnsettled } from '../../uploads/unsettled.ts'
import { endlessDay, type Upload, usableUntil } from '../../uploads/upload.ts'
import { type Admission, admit } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { admitStaging } from '../volume/admit-staging.ts'
import { findExisting } from './find-existing.ts'
import { invalidRequest, jsonReply, readRequest } from './read-request.ts'
import { keptKeyOf, requireFreeName } from './shared-name.ts'
import { signUrls } from './sign-urls.ts'

type UploadRequest = components['schemas']['UploadRequest']
type StartedUpload = components['schemas']['StartedUpload']
type ExistingUpload = components['schemas']['ExistingUpload']

const requestMaxBytes = 65_536

/**
 * Starts an upload: always one of parts, even a single one, for part URLs die when it is completed,
 * so that what was verified cannot be replaced. A file that the caller has uploaded before, told by
 * its SHA-256, need not be sent again.
 *
 * @throws {GatewayError} as `admit` and `admitStaging`; invalid_json, invalid_request, forbidden,
 *   body_too_large, store_unavailable
 */
export async function startUpload(deps: Deps, call: Call): Promise<Reply> {
  const { config } = deps
  const admission = await admit(deps, call)
  await admitStaging(deps, call, admission)
  const request = await readRequest<UploadRequest>(call, requestMaxBytes, validateUploadRequest)
  const store = deps.store(admission.endpoint.storeId)
  if (store === undefined) throw new GatewayError('misconfigured', 'The endpoint has no store')
  requireSize(deps, admission, store, request.size)
  requireName(deps, request)

  const planned = await planUpload(deps, call, admission, store, request)
  const { principal } = admission
  await requireFreeName(deps, store, planned, (owner) => isOwner(principal, owner))
  const existing = await findExisting(deps, store, admission, planned)
  if (existing !== undefined) {
    const { uploadId, size } = existing
    const expiresAt = new Date(usableUntil(config.uploads, existing)).toISOString()
    const answer: ExistingUpload = {
      ...{ exists: true, ref: refOf(uploadId), uploadId, size, expiresAt },
    }
    return jsonReply(200, answer)
  }

  const upload = await open(deps, store, planned)
  const { uploadId, partSize, partCount } = upload
  const first = Math.min(partCount, config.uploads.signedParts)
  const numbers = Array.from({ length: first }, (_, index) => index + 1)
  const sha256 = partCount === 1 && upload.sha256 !== undefined ? { 1: upload.sha256 } : {}
  const signed = await signUrls(deps, store, upload, numbers, sha256)
  const answer: StartedUpload = {
    ...{ uploadId, ref: refOf(uploadId), partSize, partCount },
    parts: [...signed.parts],
    urlsExpireAt: signed.urlsExpireAt,
    expiresAt: new Date(upload.openUntil).toISOString(),
  }
  deps.log.write('info', { event: 'upload_started', parts: partCount, bytes: upload.size })
  return jsonReply(201, answer)
}

async function open(deps: Deps, store: ObjectStore, planned: Upload): Promise<Upload> {
  if (planned.keptKey !== undefined) {
    await noteUnsettled(deps.stateStore, planned.openUntil, planned.uploadId)
  }
  const multipartId = await store.createUpload(planned.key, planned.contentType)
  const upload = { ...planned, multipartId }
  try {
    await deps.uploads.create(upload)
  } catch (error) {
    // Without a record nobody can complete it, nor remove it.
    await store.abortUpload(planned.key, multipartId).catch(() => {})
    throw error
  }
  return upload
}

function requireSize(
  { config }: Deps,
  { principal }: Admission,
  { limits: most }: ObjectStore,
  size: number,
): void {
  const limits = [
    ['maxBytes', principal.maxBytes, ' with this key or token'],
    ['uploads.maxBytes', config.uploads.maxBytes, ''],
    ['volume.objectMaxBytes', most?.objectMaxBytes, ' to this store'],
  ] as const
  for (const [limitName, limit, whose] of limits) {
    if (limit === undefined || size <= limit) continue
    const detail = `Cannot upload ${size} bytes${whose}: ${limit} allowed`
    throw new GatewayError('body_too_large', detail, { limitName, limit, actual: size })
  }
}

/**
 * Holds a name to what is kept: only that has one, and needs it.
 * @throws {GatewayError} invalid_request; forbidden where nothing is kept
 */
export function requireName(
  { config }: Pick<Deps, 'config'>,
  { retain, name }: Pick<UploadRequest, 'retain' | 'name'>,
): void {
  if (retain !== 'persist') {
    if (name === undefined) return
    throw invalidRequest('/name', 'Leave "/name" out: only a file that is kept has one')
  }
  if (!config.uploads.persist) {
    throw new GatewayError('forbidden', 'Cannot keep uploads for good: this gateway does not', {
      pointer: '/retain',
    })
  }
  if (name === undefined)
    throw invalidRequest('/name', 'Give "/name": a file that is kept needs one')
}

/** The upload as it will be, but for the store's own id. */
async function planUpload(
  { config, platform, uploads }: Deps,
  call: Call,
  { endpoint, principal }: Admission,
  { limits }: ObjectStore,
  request: UploadRequest,
): Promise<Upload> {
  const { openSeconds, keepSeconds } = config.uploads
  const partBytes = Math.min(config.uploads.partBytes, limits?.partMaxBytes ?? Infinity)
  const { name, checksum } = request
  const [owner] = await principal.ids()
  const { endpointId } = call
  const { storeId } = endpoint
  const { contentType } = await readMediaType(new Uint8Array(0), request.contentType)
  const createdAt = platform.now()
  const isKept = request.retain === 'persist' && name !== undefined
  const lastDay = dayOf(createdAt + (openSeconds + keepSeconds) * 1000)
  const day = isKept ? endlessDay : lastDay
  const uploadId = uploads.newId(day)
  const filename = shownName(request.filename ?? name)
  // A kept file too: what is not verified has no place under a name, and goes with its day.
  const key = uploadKey(lastDay, uploadId, keyName(filename, contentType))
  return {
    ...{ uploadId, day, endpointId, storeId, owner, key, multipartId: '' },
    ...{ filename, contentType, ...planParts(request.size, partBytes) },
    ...(isKept && { keptKey: await keptKeyOf({ config }, { storeId, owner, endpointId }, name) }),
    ...(checksum && { sha256: checksum.value.toLowerCase() }),
    ...{ retain: isKept ? 'persist' : 'day', state: 'open', createdAt },
    openUntil: createdAt + openSeconds * 1000,
  }
}
