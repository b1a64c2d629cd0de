import type { Keyring } from '../config/keyring.ts'
import { openJson, sealJson } from '../grants/sealed-json.ts'
import {
  deliveriesDueRoot,
  deliveryDueKey,
  deliveryKey,
  deliveryPrefix,
  type JobFolder,
  readDeliveryDueKey,
} from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Delivery } from './delivery.ts'

const recordMaxBytes = 64 * 1024

/** Milliseconds for which a note waits for its delivery: it is written first. */
const orphanMs = 3_600_000

/** A delivery as it was read; the ETag is the ground for the next write. */
export interface StoredDelivery {
  readonly delivery: Delivery
  readonly etag: string
}

/** A note that a delivery is due. */
export interface DueNote {
  readonly key: string
  readonly atMs: number
  readonly grantId: string
  readonly messageId: string
}

/** The webhooks that are kept, sealed in the state store, and notes of when each is due. */
export interface Deliveries {
  /** Keeps a new one, or tells what is kept of the same outcome already; `stored` is the one that is kept. */
  keep(
    delivery: Delivery,
  ): Promise<{ readonly stored: StoredDelivery | undefined; readonly isNew: boolean }>
  read(job: JobFolder, messageId: string): Promise<StoredDelivery | undefined>
  /** All of a job. */
  ofJob(job: JobFolder): Promise<StoredDelivery[]>
  /** Notes of what is due by `now`, the oldest first, as many as one page of a list has. */
  due(now: number): Promise<DueNote[]>
  /**
   * Takes what a note is about until `untilMs`; undefined where another instance has it, or was
   * faster, or there is nothing to do any more, and then the note is removed.
   */
  claim(
    note: DueNote,
    day: string,
    now: number,
    untilMs: number,
  ): Promise<StoredDelivery | undefined>
  /** Writes what became of one; false where it is no longer this instance's to write. */
  settle(before: StoredDelivery, after: Delivery): Promise<boolean>
  remove(delivery: Delivery): Promise<void>
}

/** Makes the deliveries over the state store, which must have conditional writes. */
export function createDeliveries(options: {
  readonly store: ObjectStore
  readonly keyring: Keyring
}): Deliveries {
  const { store, keyring } = options

  function open(key: string, bytes: Uint8Array): Promise<Delivery & { v: unknown }> {
    return openJson(keyring, 'delivery-seal', key, bytes)
  }

  async function load(key: string): Promise<StoredDelivery | undefined> {
    const object = await store.get(key, recordMaxBytes)
    if (object === undefined) return undefined
    const opened = await open(key, object.bytes).catch(() => undefined)
    // Its master key is retired, or the object is not ours: nobody can tell where it was to go.
    if (opened?.v !== 1) return undefined
    const { v: _, ...delivery } = opened
    return { delivery, etag: object.etag }
  }

  async function write(
    delivery: Delivery,
    condition: 'absent' | { etag: string },
  ): Promise<StoredDelivery | undefined> {
    const key = deliveryKey(delivery, delivery.messageId)
    const bytes = await sealJson(keyring, 'delivery-seal', key, { v: 1, ...delivery })
    const etag = await store.put(key, bytes, { contentType: 'application/jose+json', condition })
    return etag === undefined ? undefined : { delivery, etag }
  }

  async function note(delivery: Delivery): Promise<void> {
    await store.put(noteKey(delivery), new Uint8Array(0), { contentType: 'text/plain' })
  }

  return {
    async keep(delivery) {
      // First, so that a crash in between leaves a note too many, which claims nothing.
      await note(delivery)
      const kept = await write(delivery, 'absent')
      if (kept !== undefined) return { stored: kept, isNew: true }
      const stored = await load(deliveryKey(delivery, delivery.messageId))
      const known = stored?.delivery
      // A crash may have taken the note of the first time with it.
      if (known?.state === 'pending') await note(known)
      if (known === undefined || noteKey(known) !== noteKey(delivery)) {
        await store.delete(noteKey(delivery))
      }
      return { stored, isNew: false }
    },
    read: (job, messageId) => load(deliveryKey(job, messageId)),
    async ofJob(job) {
      const { objects } = await store.list(deliveryPrefix(job))
      const found = await Promise.all(objects.map(({ key }) => load(key)))
      return found.filter((one) => one !== undefined)
    },
    async due(now) {
      const { objects } = await store.list(deliveriesDueRoot)
      const notes: DueNote[] = []
      for (const { key } of objects) {
        const read = readDeliveryDueKey(key)
        if (read !== undefined && read.atMs <= now) notes.push({ key, ...read })
      }
      return notes
    },
    async claim({ key, atMs, grantId, messageId }, day, now, untilMs) {
      const stored = await load(deliveryKey({ day, grantId }, messageId))
      if (stored === undefined) {
        if (now - atMs > orphanMs) await store.delete(key)
        return undefined
      }
      const { delivery } = stored
      const noted = noteKey(delivery)
      // A later note is of an attempt whose end is not written yet.
      if (delivery.state !== 'pending' || key < noted) {
        await store.delete(key)
        return undefined
      }
      if (key !== noted || delivery.claimedUntil > now) return undefined
      return await write({ ...delivery, claimedUntil: untilMs }, { etag: stored.etag })
    },
    async settle(before, after) {
      if (after.state === 'pending') await note(after)
      const written = await write(after, { etag: before.etag })
      if (written === undefined) return false
      if (after.state !== 'pending' || noteKey(after) !== noteKey(before.delivery)) {
        await store.delete(noteKey(before.delivery))
      }
      return true
    },
    async remove(delivery) {
      await store.delete(deliveryKey(delivery, delivery.messageId))
      await store.delete(noteKey(delivery))
    },
  }
}

function noteKey({ dueAt, grantId, messageId }: Delivery): string {
  return deliveryDueKey(dueAt, grantId, messageId)
}
