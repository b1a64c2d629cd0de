import { Recent } from '../cache/recent.ts'
import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { grantKey, jobKey } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Grant, Grants } from './grant.ts'
import { createGrantId, dayOfGrantId } from './grant-id.ts'
import { openGrant, sealGrant } from './seal.ts'

const grantMaxBytes = 1024 * 1024
const recordMaxBytes = 64
const rememberedGrants = 1_000
const updateTries = 10

interface Stored {
  readonly grant: Grant
  readonly etag: string
}

/** Makes the grants of all jobs, sealed in `store` (the state store, with conditional writes). */
export function createGrants(options: {
  readonly store: ObjectStore
  readonly keyring: Keyring
  readonly platform: Pick<Platform, 'now' | 'wait'>
  readonly grantCacheSeconds: number
}): Grants {
  const { store, keyring, platform } = options
  const cacheMs = options.grantCacheSeconds * 1000
  // Values, never pending promises: on Workers one request must not await another's.
  const remembered = new Recent<Stored & { readonly readAt: number }>(rememberedGrants)
  const bindings = new Recent<string>(rememberedGrants)

  let writes = 0

  /** The time is taken before the read, so that no grant is believed longer than it may be. */
  function remember(stored: Stored, readAt: number): void {
    const { grantId } = stored.grant
    // Without an ETag of its own it is no ground for the next write.
    if (stored.etag === '') remembered.delete(grantId)
    else remembered.set(grantId, { ...stored, readAt })
  }

  async function load(grantId: string): Promise<Stored | undefined> {
    const day = dayOfGrantId(grantId)
    if (day === undefined) return undefined
    const key = grantKey({ day, grantId })
    const readAt = platform.now()
    const writesBefore = writes
    const object = await store.get(key, grantMaxBytes)
    if (object === undefined) {
      remembered.delete(grantId)
      return undefined
    }
    const grant = await openGrant(keyring, key, object.bytes).catch((cause) => {
      // Its master key is retired, or the object is not ours: nobody can act on it or scrub for it.
      throw new GatewayError('not_found', 'Cannot find the job', { cause })
    })
    const stored = { grant, etag: object.etag }
    // What this instance wrote meanwhile is newer than what was read.
    if (writes === writesBefore) remember(stored, readAt)
    return stored
  }

  async function seal(grant: Grant): Promise<void> {
    const key = keyOf(grant)
    const readAt = platform.now()
    const bytes = await sealGrant(keyring, key, grant)
    const etag = await store.put(key, bytes, { ...asJson, condition: 'absent' })
    if (etag === undefined) {
      throw new GatewayError('internal_error', 'Cannot write a grant that exists already')
    }
    remember({ grant, etag }, readAt)
  }

  async function read(grantId: string, { fresh = false } = {}): Promise<Grant | undefined> {
    const known = fresh ? undefined : remembered.get(grantId)
    if (known !== undefined && platform.now() - known.readAt < cacheMs) return known.grant
    return (await load(grantId))?.grant
  }

  async function update(
    grantId: string,
    change: (grant: Grant) => Grant,
  ): Promise<Grant | undefined> {
    for (let tried = 0; tried < updateTries; tried++) {
      // The condition lets nothing be written over but what is remembered: that saves a read.
      const known = tried === 0 ? remembered.get(grantId) : undefined
      const isWorth = known !== undefined && change(known.grant) !== known.grant
      const stored = isWorth ? known : await load(grantId)
      if (stored === undefined) return undefined
      const changed = change(stored.grant)
      if (changed === stored.grant) return changed
      const key = keyOf(changed)
      const readAt = platform.now()
      const bytes = await sealGrant(keyring, key, changed)
      remembered.delete(grantId)
      const condition = { etag: stored.etag }
      const etag = await store.put(key, bytes, { ...asJson, condition })
      if (etag !== undefined) {
        writes++
        remember({ grant: changed, etag }, readAt)
        return changed
      }
      // What was remembered may just be old: the next try reads.
      if (stored !== known) await platform.wait(Math.random() * 20 * (tried + 1))
    }
    throw new GatewayError('store_unavailable', 'Too many changes to one grant at once', {
      retryAfterSeconds: 1,
    })
  }

  async function boundTo(endpointId: string, jobId: string): Promise<string | undefined> {
    const key = jobKey(endpointId, jobId)
    const known = bindings.get(key)
    if (known !== undefined) return known
    const record = await store.get(key, recordMaxBytes)
    if (record === undefined) return undefined
    const grantId = new TextDecoder().decode(record.bytes)
    bindings.set(key, grantId)
    return grantId
  }

  async function bind(endpointId: string, jobId: string, grantId: string): Promise<void> {
    // What is not so any more shows when the grant is written.
    const grant = await read(grantId)
    if (grant === undefined || grant.endpointId !== endpointId) throw unbound('no such grant')
    if (grant.jobId !== undefined && grant.jobId !== jobId) throw unbound('the grant has a job')
    const key = jobKey(endpointId, jobId)
    // The record before the grant: a job that can be found can be scrubbed.
    const bytes = new TextEncoder().encode(grantId)
    const written = await store.put(key, bytes, { contentType: 'text/plain', condition: 'absent' })
    if (written === undefined && (await boundTo(endpointId, jobId)) !== grantId) {
      throw unbound('the job has another grant')
    }
    bindings.set(key, grantId)
    if (grant.jobId === jobId) return
    const bound = await update(grantId, (current) =>
      current.jobId === undefined ? { ...current, jobId } : current,
    )
    if (bound?.jobId === jobId) return
    bindings.delete(key)
    if (written !== undefined) await store.delete(key)
    throw unbound('the grant went to another job')
  }

  async function find(endpointId: string, jobId: string): Promise<Grant | undefined> {
    const grantId = await boundTo(endpointId, jobId)
    const grant = grantId === undefined ? undefined : await read(grantId)
    if (grant === undefined || grant.endpointId !== endpointId) return undefined
    // A crash after the record leaves the grant without its job.
    if (grant.jobId === undefined) return { ...grant, jobId }
    return grant.jobId === jobId ? grant : undefined
  }

  async function remove(grant: Grant): Promise<void> {
    if (grant.jobId !== undefined) {
      const key = jobKey(grant.endpointId, grant.jobId)
      bindings.delete(key)
      await store.delete(key)
    }
    if (grant.requestKey !== undefined) await store.delete(grant.requestKey)
    remembered.delete(grant.grantId)
    await store.delete(keyOf(grant))
  }

  return { newId: createGrantId, seal, read, update, bind, find, remove }
}

const asJson = { contentType: 'application/jose+json' } as const

function keyOf(grant: Grant): string {
  if (dayOfGrantId(grant.grantId) !== grant.day) {
    throw new TypeError("A grant's id and day must agree")
  }
  return grantKey(grant)
}

function unbound(reason: string): GatewayError {
  return new GatewayError('job_not_bound', 'The job could not be recorded', {
    cause: new Error(reason),
  })
}
