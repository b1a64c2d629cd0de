import { Recent } from '../cache/recent.ts'
import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import {
  batchesOfPrefix,
  batchKey,
  batchPrefix,
  batchRequestKey,
  batchRequestPrefix,
  readBatchRequestKey,
} from '../store/batch-keys.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Grant } from './grant.ts'
import { createGrantId } from './grant-id.ts'
import { openGrants, sealGrants } from './seal.ts'

/** Bytes of one note at most: as many grants as one call may add, their links among them. */
const noteMaxBytes = 16 * 1024 * 1024
/** Endpoints, and requests of batches, that are remembered. */
const remembered = 5000
/** Requests that are noted at once: Workers have six connections. */
const atOnce = 4

/**
 * Which grants the requests of batches have. The platform tells the ids of requests later, and not
 * which is which: until a webhook does, a request may have any grant of its batch.
 */
export interface BatchNotes {
  /** Notes the grants of one call's requests; gives the note's key. */
  note(endpointId: string, batchId: string, grants: readonly Grant[]): Promise<string>
  /** The grants of a batch's requests, as they were when they were added. */
  grantsOf(endpointId: string, batchId: string): Promise<Grant[]>
  /** Notes ids of a batch's requests, before a client hears of them. */
  noteRequests(
    endpointId: string,
    batchId: string,
    grants: readonly Grant[],
    requestIds: readonly string[],
  ): Promise<void>
  /** The grants of all batches of an endpoint. */
  grantsOfEndpoint(endpointId: string): Promise<Grant[]>
  /** The grants that a request may have: those of its batch; none for what is no request of one. */
  grantsOfRequest(endpointId: string, requestId: string): Promise<Grant[]>
}

/** Makes the notes of batches, in `store` (the state store). */
export function createBatchNotes(options: {
  readonly store: ObjectStore
  readonly keyring: Keyring
  readonly platform: Pick<Platform, 'now'>
  /** Age of what is remembered of an endpoint without batches. */
  readonly cacheSeconds: number
}): BatchNotes {
  const { store, keyring, platform, cacheSeconds } = options
  const known = new Recent<{ readonly any: boolean; readonly at: number }>(remembered)
  const noted = new Recent<boolean>(remembered)

  async function note(
    endpointId: string,
    batchId: string,
    grants: readonly Grant[],
  ): Promise<string> {
    const day = lastDay(grants)
    const key = batchKey(endpointId, batchId, { day, grantId: createGrantId(day) })
    const bytes = await sealGrants(keyring, key, grants)
    await store.put(key, bytes, { contentType: 'application/jose+json' })
    known.set(endpointId, { any: true, at: platform.now() })
    return key
  }

  async function grantsBelow(prefix: string): Promise<Grant[]> {
    const found: Grant[] = []
    let next: string | undefined
    do {
      const at = next === undefined ? {} : { next }
      const page = await store.list(prefix, at)
      for (const { key } of page.objects) {
        const object = await store.get(key, noteMaxBytes)
        if (object === undefined) continue
        const grants = await openGrants(keyring, key, object.bytes).catch((cause) => {
          // Its master key is retired: nobody could scrub for it.
          throw new GatewayError('not_found', 'Cannot find the batch', { cause })
        })
        found.push(...grants)
      }
      next = page.next
    } while (next !== undefined)
    return found
  }

  const grantsOf = (endpointId: string, batchId: string): Promise<Grant[]> =>
    grantsBelow(batchPrefix(endpointId, batchId))

  async function grantsOfEndpoint(endpointId: string): Promise<Grant[]> {
    if (!(await hasBatches(endpointId))) return []
    return await grantsBelow(batchesOfPrefix(endpointId))
  }

  async function noteRequests(
    endpointId: string,
    batchId: string,
    grants: readonly Grant[],
    requestIds: readonly string[],
  ): Promise<void> {
    const names = requestIds.filter((id) => noted.get(`${endpointId}/${id}`) === undefined)
    if (names.length === 0) return
    const day = lastDay(grants)
    for (let at = 0; at < names.length; at += atOnce) {
      await Promise.all(
        names.slice(at, at + atOnce).map(async (id) => {
          const key = batchRequestKey(endpointId, id, { day, batchId })
          await store.put(key, new Uint8Array(0), { contentType: 'text/plain' })
          noted.set(`${endpointId}/${id}`, true)
        }),
      )
    }
  }

  async function hasBatches(endpointId: string): Promise<boolean> {
    const before = known.get(endpointId)
    const now = platform.now()
    if (before !== undefined && now - before.at < cacheSeconds * 1000) return before.any
    const { objects } = await store.list(batchesOfPrefix(endpointId), { maxKeys: 1 })
    const any = objects.length > 0
    known.set(endpointId, { any, at: now })
    return any
  }

  async function grantsOfRequest(endpointId: string, requestId: string): Promise<Grant[]> {
    // Most endpoints have none: their jobs' statuses cost nothing more.
    if (!(await hasBatches(endpointId))) return []
    const page = await store.list(batchRequestPrefix(endpointId, requestId), { maxKeys: 1 })
    const [first] = page.objects
    const batchId = first && readBatchRequestKey(first.key)?.batchId
    return batchId === undefined ? [] : await grantsOf(endpointId, batchId)
  }

  return { note, grantsOf, noteRequests, grantsOfEndpoint, grantsOfRequest }
}

function lastDay(grants: readonly Grant[]): string {
  return (
    grants
      .map(({ day }) => day)
      .sort()
      .at(-1) ?? ''
  )
}
