import { Recent } from '../cache/recent.ts'
import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import { createGrantId, dayOfGrantId } from '../grants/grant-id.ts'
import { openJson, sealJson } from '../grants/sealed-json.ts'
import type { Platform } from '../platform.ts'
import { uploadRecordKey } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Upload, Uploads } from './upload.ts'

/** Room for the ETags of 10,000 parts, of 256 characters each; R2’s have 174. */
const recordMaxBytes = 8 * 1024 * 1024
const rememberedUploads = 100
const updateTries = 10

interface Stored {
  readonly upload: Upload
  readonly etag: string
}

/** Makes the uploads of all principals, sealed in `store` (the state store, with conditional writes). */
export function createUploads(options: {
  readonly store: ObjectStore
  readonly keyring: Keyring
  readonly platform: Pick<Platform, 'wait'>
}): Uploads {
  const { store, keyring, platform } = options
  // Only a ground for the next write, which its condition guards: never an answer.
  const remembered = new Recent<Stored>(rememberedUploads)

  function remember(stored: Stored): void {
    const { uploadId, partCount } = stored.upload
    if (stored.etag === '' || partCount > 100) remembered.delete(uploadId)
    else remembered.set(uploadId, stored)
  }

  async function load(uploadId: string): Promise<Stored | undefined> {
    const day = dayOfGrantId(uploadId)
    if (day === undefined) return undefined
    const key = uploadRecordKey(day, uploadId)
    const object = await store.get(key, recordMaxBytes)
    remembered.delete(uploadId)
    if (object === undefined) return undefined
    const upload = await open(keyring, key, object.bytes).catch(() => undefined)
    // Its master key is retired, or the object is not ours: nobody can tell whose it is.
    if (upload === undefined) return undefined
    const stored = { upload, etag: object.etag }
    remember(stored)
    return stored
  }

  /** What is longer could be written, and never be read again. */
  async function sealReadable(key: string, upload: Upload): Promise<Uint8Array> {
    const bytes = await seal(keyring, key, upload)
    if (bytes.length <= recordMaxBytes) return bytes
    throw new GatewayError('body_too_large', 'Report less of this upload: its record is full', {
      ...{ limitName: 'record', limit: recordMaxBytes, actual: bytes.length },
    })
  }

  async function create(upload: Upload): Promise<void> {
    const key = keyOf(upload)
    const bytes = await sealReadable(key, upload)
    const etag = await store.put(key, bytes, { ...asJson, condition: 'absent' })
    if (etag === undefined) {
      throw new GatewayError('internal_error', 'Cannot write an upload that exists already')
    }
    remember({ upload, etag })
  }

  async function update(
    uploadId: string,
    change: (upload: Upload) => Upload,
  ): Promise<Upload | undefined> {
    for (let tried = 0; tried < updateTries; tried++) {
      const known = tried === 0 ? remembered.get(uploadId) : undefined
      const isWorth = known !== undefined && change(known.upload) !== known.upload
      const stored = isWorth ? known : await load(uploadId)
      if (stored === undefined) return undefined
      const changed = change(stored.upload)
      if (changed === stored.upload) return changed
      const key = keyOf(changed)
      const bytes = await sealReadable(key, changed)
      remembered.delete(uploadId)
      const etag = await store.put(key, bytes, { ...asJson, condition: { etag: stored.etag } })
      if (etag !== undefined) {
        remember({ upload: changed, etag })
        return changed
      }
      // What was remembered may just be old: the next try reads.
      if (stored !== known) await platform.wait(Math.random() * 20 * (tried + 1))
    }
    throw new GatewayError('store_unavailable', 'Too many changes to one upload at once', {
      retryAfterSeconds: 1,
    })
  }

  return {
    newId: createGrantId,
    create,
    read: async (uploadId) => (await load(uploadId))?.upload,
    update,
    async remove(upload) {
      remembered.delete(upload.uploadId)
      await store.delete(keyOf(upload))
    },
  }
}

const asJson = { contentType: 'application/jose+json' } as const

async function seal(keyring: Keyring, key: string, upload: Upload): Promise<Uint8Array> {
  return await sealJson(keyring, 'upload-seal', key, { v: 1, ...upload })
}

async function open(keyring: Keyring, key: string, sealed: Uint8Array): Promise<Upload> {
  const opened = await openJson<Upload & { v: unknown }>(keyring, 'upload-seal', key, sealed)
  const { v, ...upload } = opened
  if (v !== 1) throw new TypeError('The upload has an unknown version')
  return upload
}

function keyOf(upload: Upload): string {
  if (dayOfGrantId(upload.uploadId) !== upload.day) {
    throw new TypeError("An upload's id and day must agree")
  }
  return uploadRecordKey(upload.day, upload.uploadId)
}
