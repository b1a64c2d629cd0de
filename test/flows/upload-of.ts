import { createGrantId } from '../../src/grants/grant-id.ts'
import { endlessDay, type Upload } from '../../src/uploads/upload.ts'

/** A complete upload of three bytes, of `createdAt`, that is good for eight days. */
export function uploadOf(given: Pick<Upload, 'owner' | 'createdAt'> & Partial<Upload>): Upload {
  const endsAt = given.createdAt + 8 * 86_400_000
  const day = given.retain === 'persist' ? endlessDay : new Date(endsAt).toISOString().slice(0, 10)
  const uploadId = createGrantId(given.day ?? day)
  return {
    uploadId,
    day,
    endpointId: 'demo',
    storeId: 'main',
    key: `${given.day ?? day}/${uploadId}/in/cat.png`,
    multipartId: 'multipart-1',
    filename: 'cat.png',
    contentType: 'image/png',
    size: 3,
    partSize: 5 * 1024 * 1024,
    partCount: 1,
    retain: 'day',
    state: 'complete',
    openUntil: given.createdAt + 3_600_000,
    ...given,
  }
}
