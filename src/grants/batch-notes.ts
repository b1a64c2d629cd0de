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
  dayOfBatch,
  readBatchRequestKey,
} from '../store/batch-keys.ts'
import { dayOf } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Grant } from './grant.ts'
import { createGrantId } from './grant-id.ts'
import { openGrants, sealGrants } from './seal.ts'

/** Bytes of one note at most: as many grants as one call may add, their links among them. */
const noteMaxBytes = 16 * 1024 * 1024
/** Endpoints, and requests of batches, that are remembered. */
const remembered = 5000
/** A failed request may be retried, and run for as long as any. */
const retriedMs = 8 * 86_400_000
/** Requests that are noted at once: Workers have six connections. */
const atOnce = 4

/**
 * The grants that one call has added to a batch, as they were then. They are read when they are asked
 * for, one call's at a time: a batch may have a hundred thousand.
 */
export interface BatchNote {
  /** The last day on which anything may be said of it. */
  readonly day: string
  /** @throws {GatewayError} not_found where their master key is retired */
  read(): Promise<Grant[]>
}

/** A note, or a grant. */
type Lived = Pick<Grant, 'day'> & Partial<Pick<Grant, 'retention' | 'writeExpiresAt'>>

/**
 * Which grants the requests of batches have. The platform tells the ids of requests later, and not
 * which is which: until a webhook does, a request may have any grant of its batch.
 */
export interface BatchNotes {
  /** Notes the grants of one call's requests; gives the note's key. */
  note(endpointId: string, batchId: string, grants: readonly Grant[]): Promise<string>
  /** The notes of a batch, one for each call that has added requests. */
  notesOf(endpointId: string, batchId: string): Promise<BatchNote[]>
  /** Notes ids of a batch's requests, before a client hears of them; `lived` are its notes or grants. */
  noteRequests(
    endpointId: string,
    batchId: string,
    lived: readonly Lived[],
    requestIds: readonly string[],
  ): Promise<void>
  /** The notes of all batches of an endpoint. */
  notesOfEndpoint(endpointId: string): Promise<BatchNote[]>
  /** The notes of the batch that a request is of; none for what is no request of one. */
  notesOfRequest(endpointId: string, requestId: string): Promise<BatchNote[]>
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

  async function notesBelow(prefix: string): Promise<BatchNote[]> {
    const found: BatchNote[] = []
    let next: string | undefined
    do {
      const page = await store.list(prefix, next === undefined ? {} : { next })
      for (const { key } of page.objects) {
        const day = dayOfBatch(key)
        if (day !== undefined) found.push({ day, read: () => read(key) })
      }
      next = page.next
    } while (next !== undefined)
    return found
  }

  async function read(key: string): Promise<Grant[]> {
    const object = await store.get(key, noteMaxBytes)
    if (object === undefined) return []
    return await openGrants(keyring, key, object.bytes).catch((cause) => {
      // Its master key is retired: nobody could scrub for it.
      throw new GatewayError('not_found', 'Cannot find the batch', { cause })
    })
  }

  const notesOf = (endpointId: string, batchId: string): Promise<BatchNote[]> =>
    notesBelow(batchPrefix(endpointId, batchId))

  async function notesOfEndpoint(endpointId: string): Promise<BatchNote[]> {
    if (!(await hasBatches(endpointId))) return []
    return await notesBelow(batchesOfPrefix(endpointId))
  }

  async function noteRequests(
    endpointId: string,
    batchId: string,
    lived: readonly Lived[],
    requestIds: readonly string[],
  ): Promise<void> {
    const names = requestIds.filter((id) => noted.get(`${endpointId}/${id}`) === undefined)
    if (names.length === 0) return
    const day = lastDay(lived)
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

  async function notesOfRequest(endpointId: string, requestId: string): Promise<BatchNote[]> {
    // Most endpoints have none: their jobs' statuses cost nothing more.
    if (!(await hasBatches(endpointId))) return []
    const page = await store.list(batchRequestPrefix(endpointId, requestId), { maxKeys: 1 })
    const [first] = page.objects
    const batchId = first && readBatchRequestKey(first.key)?.batchId
    return batchId === undefined ? [] : await notesOf(endpointId, batchId)
  }

  return { note, notesOf, noteRequests, notesOfEndpoint, notesOfRequest }
}

/** A batch is forgotten by the platform even where files of its requests are kept for good. */
function lastDay(lived: readonly Lived[]): string {
  return (
    lived
      .map(({ day, retention, writeExpiresAt }) =>
        retention === 'persistent' && writeExpiresAt !== undefined
          ? dayOf(writeExpiresAt + retriedMs)
          : day,
      )
      .sort()
      .at(-1) ?? ''
  )
}
