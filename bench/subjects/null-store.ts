import type { ObjectStore } from '../../src/store/store.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { OrderedHash } from '../sinks/ordered-hash.ts'
import { SmallObjects } from '../sinks/small-objects.ts'

/** A store in the gateway's own process that keeps state objects and drops payload parts. */
export interface NullStore extends ObjectStore {
  verify(on: boolean): void
  take(): Arrivals
}

export function createNullStore(id: string): NullStore {
  const objects = new SmallObjects()
  const uploads = new Map<string, OrderedHash | undefined>()
  let verifying = false
  let requests = 0
  let bytes = 0
  let hashes: string[] = []
  let made = 0

  return {
    id,
    verify(on) {
      verifying = on
    },
    take() {
      const taken = { requests, bytes, hashes }
      requests = 0
      bytes = 0
      hashes = []
      return taken
    },
    send: () => Promise.reject(new Error('The null store sends nothing')),
    presignGet: async (key) => `https://store.invalid/${key}`,
    presignPart: async ({ key }) => ({ url: `https://store.invalid/${key}`, headers: {} }),
    put: async (key, body, settings = {}) => objects.put(key, body, settings),
    async get(key) {
      const object = objects.get(key)
      return object && { bytes: object.bytes, etag: object.etag }
    },
    async delete(key) {
      objects.delete(key)
    },
    list: async (prefix) => ({ objects: objects.list(prefix), prefixes: [] }),
    async createUpload() {
      const uploadId = `upload-${++made}`
      uploads.set(uploadId, verifying ? new OrderedHash() : undefined)
      return uploadId
    },
    async uploadPart(_key, uploadId, partNumber, part) {
      requests++
      bytes += part.length
      uploads.get(uploadId)?.add(partNumber, part)
      return { partNumber, etag: `"part-${partNumber}"` }
    },
    async completeUpload(_key, uploadId) {
      const hash = uploads.get(uploadId)
      uploads.delete(uploadId)
      if (hash !== undefined) hashes.push(hash.digest())
      return undefined
    },
    async abortUpload(_key, uploadId) {
      uploads.delete(uploadId)
    },
  }
}
