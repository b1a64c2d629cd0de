import type { components } from '../../contract/types.gen.ts'
import type { ObjectStore } from '../../store/store.ts'
import { makePartLink } from '../../uploads/part-link.ts'
import { partLength } from '../../uploads/part-plan.ts'
import type { Upload } from '../../uploads/upload.ts'
import type { Deps } from '../deps.ts'

type SignedPart = components['schemas']['SignedPart']

/** URLs of some parts, and when they end. */
export interface SignedUrls {
  readonly parts: readonly SignedPart[]
  /** ISO 8601. */
  readonly urlsExpireAt: string
}

/**
 * Signs parts of an open upload: URLs of the store, or of the gateway where the store gives out none.
 * They end with the upload at the latest.
 *
 * @param sha256 lower-case hex by part number
 */
export async function signUrls(
  deps: Deps,
  store: ObjectStore,
  upload: Upload,
  partNumbers: readonly number[],
  sha256: Readonly<Record<string, string>> = {},
): Promise<SignedUrls> {
  const { config, platform, keyring } = deps
  const now = platform.now()
  const leftSeconds = Math.floor((upload.openUntil - now) / 1000)
  const seconds = Math.max(1, Math.min(config.access.presignSeconds, leftSeconds))
  const expiresAt = now + seconds * 1000
  const isDirect = config.stores.get(upload.storeId)?.presign ?? false
  const { key, multipartId, uploadId, endpointId } = upload

  async function sign(partNumber: number): Promise<SignedPart> {
    const size = partLength(upload, partNumber) ?? 0
    const digest = sha256[partNumber]?.toLowerCase()
    const part = { partNumber, length: size, ...(digest !== undefined && { sha256: digest }) }
    if (isDirect) {
      const signed = await store.presignPart({ key, uploadId: multipartId, ...part }, seconds)
      return { partNumber, size, method: 'PUT', url: signed.url, headers: { ...signed.headers } }
    }
    const { publicUrl } = config
    const claim = { keyring, publicUrl, endpointId, uploadId, expiresAt }
    const url = await makePartLink({ ...claim, ...part })
    return { partNumber, size, method: 'PUT', url, headers: {} }
  }

  const parts: SignedPart[] = []
  for (const partNumber of partNumbers) parts.push(await sign(partNumber))
  return { parts, urlsExpireAt: new Date(expiresAt).toISOString() }
}
