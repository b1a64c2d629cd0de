import type { ObjectStore } from './store.ts'

/**
 * A store that takes payloads and keeps nothing of them, to find out what would be stored. What
 * payloads do not need throws.
 */
export function createDroppingStore(id: string): ObjectStore {
  const etag = '"dropped"'
  return {
    id,
    put: async () => etag,
    createUpload: async () => 'dropped',
    uploadPart: async (_key, _uploadId, partNumber) => ({ partNumber, etag }),
    completeUpload: async () => etag,
    abortUpload: async () => {},
    delete: async () => {},
    send: refuse,
    presignGet: refuse,
    presignPart: refuse,
    get: refuse,
    list: refuse,
  }
}

async function refuse(): Promise<never> {
  throw new Error('A store that drops what it takes has nothing to give')
}
