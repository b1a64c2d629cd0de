import { isOwner } from '../../auth/principal.ts'
import { validateUploadRequest } from '../../contract/validators.gen.js'
import { GatewayError } from '../../errors.ts'
import type { Reply } from '../../platform.ts'
import { keyName, shownName } from '../../store/file-name.ts'
import { dayOf, uploadKey } from '../../store/keys.ts'
import { readMediaType } from '../../store/media-type.ts'
import { planParts } from '../../uploads/part-plan.ts'
import { parseChecksum } from '../../uploads/tus/checksum.ts'
import { parseMetadata } from '../../uploads/tus/metadata.ts'
import { noteUnsettled } from '../../uploads/unsettled.ts'
import { endlessDay } from '../../uploads/upload.ts'
import { type Admission, admit } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { removeUpload } from '../uploads/delete-upload.ts'
import { keptKeyOf, requireFreeName } from '../uploads/shared-name.ts'
import { requireName } from '../uploads/start-upload.ts'
import { admitStaging } from '../volume/admit-staging.ts'
import { appendBytes } from './append-bytes.ts'
import { tusMaxBytes } from './describe-tus.ts'
import {
  offsetStream,
  readCount,
  requireVersion,
  type TusUpload,
  uploadHeaders,
} from './protocol.ts'

/**
 * Creates an upload by tus: a multipart upload of the endpoint's store, with the bytes that came
 * along (Creation With Upload).
 *
 * @throws {GatewayError} as `admit` and `admitStaging`; tus_version, invalid_request, body_too_large,
 *   store_unavailable, and as `appendBytes` where bytes came along
 */
export async function createTus(deps: Deps, call: Call): Promise<Reply> {
  requireVersion(call)
  const { headers, body } = call
  const admission = await admit(deps, call)
  await admitStaging(deps, call, admission)
  const size = readSize(deps, call, admission)
  const metadata = parseMetadata(headers.get('upload-metadata') ?? undefined)
  const hasBytes = body !== undefined && headers.get('content-type') === offsetStream
  const checksum = hasBytes
    ? parseChecksum(headers.get('upload-checksum') ?? undefined, deps.platform)
    : undefined
  const created = await create(deps, call, admission, size, metadata)
  const { uploadId, partCount } = created
  deps.log.write('info', { event: 'upload_started', parts: partCount, bytes: size })

  const upload = hasBytes ? await append() : await completeIfEmpty()
  const answer = uploadHeaders(upload)
  const { publicUrl } = deps.config
  answer.set('location', `${publicUrl}/v2/${call.endpointId}/uploads/tus/${uploadId}`)
  return { status: 201, headers: answer }

  async function append(): Promise<TusUpload> {
    try {
      return await appendBytes(deps, created, { call, offset: 0, checksum })
    } catch (error) {
      // The client has not heard of it yet, and never will.
      const store = deps.store(created.storeId)
      if (store !== undefined) await removeUpload(deps, store, created).catch(() => {})
      throw error
    }
  }

  async function completeIfEmpty(): Promise<TusUpload> {
    if (size > 0) return created
    return await appendBytes(deps, created, { call: { ...call, body: undefined }, offset: 0 })
  }
}

function readSize(deps: Deps, call: Call, { principal }: Admission): number {
  const size = readCount(call, 'upload-length')
  if (size === undefined) {
    throw new GatewayError('invalid_request', 'Send Upload-Length: its length cannot come later')
  }
  const limits = [
    ['maxBytes', principal.maxBytes],
    ['uploads.maxBytes', tusMaxBytes(deps)],
  ] as const
  for (const [limitName, limit] of limits) {
    if (limit === undefined || size <= limit) continue
    const detail = `Upload a file of at most ${limit} bytes (${limitName}), not ${size}`
    throw new GatewayError('body_too_large', detail, { limitName, limit, actual: size })
  }
  return size
}

/**
 * Name under which the file is kept for good: `persist` of the metadata, as `name` is elsewhere.
 * @throws {GatewayError} invalid_request, forbidden
 */
function keptName(deps: Deps, metadata: ReadonlyMap<string, string>): string | undefined {
  const name = metadata.get('persist')
  if (name === undefined) return undefined
  const request = { size: 0, retain: 'persist', name } as const
  if (!validateUploadRequest(request)) {
    const detail =
      'Give "persist" of Upload-Metadata as segments of letters, digits, ".", "_" and "-"'
    throw new GatewayError('invalid_request', detail)
  }
  requireName(deps, request)
  return name
}

async function create(
  deps: Deps,
  { endpointId, headers }: Call,
  { endpoint, principal }: Admission,
  size: number,
  metadata: ReadonlyMap<string, string>,
): Promise<TusUpload> {
  const { config, platform, pool, uploads } = deps
  const { storeId } = endpoint
  const store = deps.store(storeId)
  if (store === undefined) throw new GatewayError('misconfigured', 'The endpoint has no store')
  const { openSeconds, keepSeconds } = config.uploads
  const createdAt = platform.now()
  const kept = keptName(deps, metadata)
  const lastDay = dayOf(createdAt + (openSeconds + keepSeconds) * 1000)
  const day = kept === undefined ? lastDay : endlessDay
  const uploadId = uploads.newId(day)
  const filename = shownName(metadata.get('filename') ?? metadata.get('name'))
  const given = metadata.get('filetype') ?? metadata.get('type')
  const { contentType } = await readMediaType(new Uint8Array(0), given)
  const key = uploadKey(lastDay, uploadId, keyName(filename, contentType))
  const [owner] = await principal.ids()
  const text = headers.get('upload-metadata')
  const planned: TusUpload = {
    ...{ uploadId, day, endpointId, storeId, owner, key, multipartId: '', filename, contentType },
    ...planParts(size, pool.partBytes),
    ...(kept !== undefined && {
      keptKey: await keptKeyOf(deps, { storeId, owner, endpointId }, kept),
    }),
    ...{ retain: kept === undefined ? 'day' : 'persist', state: 'open', createdAt },
    openUntil: createdAt + openSeconds * 1000,
    tus: {
      offset: 0,
      etags: [],
      tail: [],
      ...(text !== null && text !== '' && { metadata: text }),
    },
  }
  if (kept !== undefined) {
    await requireFreeName(deps, store, planned, (holder) => isOwner(principal, holder))
    await noteUnsettled(deps.stateStore, planned.openUntil, uploadId)
  }
  const multipartId = await store.createUpload(key, contentType)
  const upload = { ...planned, multipartId }
  try {
    await uploads.create(upload)
  } catch (error) {
    // Without a record nobody can complete it, nor remove it.
    await store.abortUpload(key, multipartId).catch(() => {})
    throw error
  }
  return upload
}
