import type { NativeAccess } from '../config/config.ts'
import type { Secret } from '../log.ts'

/** One entry of a grant: what the worker names, and where it really is. */
export interface Mount {
  /** Virtual key in the job bucket, or a virtual prefix ending in `/`; the empty string is the root. */
  readonly path: string
  /** Real key, or real prefix ending in `/` when `path` is a prefix. */
  readonly key: string
  readonly mode: 'read' | 'read-write'
}

/** `suspended`: the job failed but can still be retried; `ended`: for good. */
export type GrantState = 'active' | 'suspended' | 'ended'

/** A literal that must never come back, with the name of what it is for the log. */
export interface GrantSecret {
  readonly kind: string
  readonly value: Secret
}

/** What one job may do. Sealed before the job is submitted; `docs/storage.md` has the stored form. */
export interface Grant {
  /** 26 characters of base32 (lower case): two bytes of day number, 14 random bytes. */
  readonly grantId: string
  /** Master key that the scoped key was derived with. */
  readonly kid: string
  /** Last day (UTC, `YYYY-MM-DD`) on which its objects can be needed. */
  readonly day: string
  readonly endpointId: string
  readonly storeId: string
  /** The principal's opaque id. */
  readonly owner: string
  readonly state: GrantState
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  readonly writeExpiresAt: number
  readonly readExpiresAt: number
  /** First match wins, longest path first. */
  readonly mounts: readonly Mount[]
  readonly secrets: readonly GrantSecret[]
  /** The client's own webhook URL, if it gave one. */
  readonly webhook?: string
  /** Whose secrets sign it: one id, or the one under each master key; absent: the owner's. */
  readonly webhookSigner?: string | Readonly<Record<string, string>>
  readonly jobId?: string
  /** Whose keys the worker was given, where they are the store's own; absent: the job bucket's. */
  readonly access?: NativeAccess
  /** What makes those keys useless before their time. */
  readonly revocation?: string
  /** What the job may keep as outputs in its job bucket; absent: as much as it likes. */
  readonly quota?: { readonly bytes: number; readonly objects: number }
  /** The session that it shares, and how much that may hold. */
  readonly session?: {
    readonly name: string
    readonly quota: { readonly bytes: number; readonly objects: number }
  }
  /** Keys of the records that say that it has a session or a volume; absent: none. */
  readonly leases?: readonly string[]
  /** When a retry woke it last. */
  readonly wokenAt?: number
  /** How often it was woken: a result is of one run. Absent: never. */
  readonly retries?: number
  /** Seconds from the job's end after which all its files go, or that none go by themselves; absent: as its times say. */
  readonly retention?: 'persistent' | number
  /** Another job took its lease over before its own was known: that one must not run. */
  readonly overtaken?: true
  /** When it was ended so that another job could have its lease, though nobody said that its own was over. */
  readonly overtakenAt?: number
  /** Its owner has deleted the job: nothing of it is kept any more. */
  readonly deleted?: true
  /** Key of the note that tells its job by the request id of its caller, where it gave one. */
  readonly requestKey?: string
}

/** The grants of all jobs, kept sealed in the state store. */
export interface Grants {
  /** A new id whose day is the given one. */
  newId(day: string): string
  /** Writes a grant for the first time. */
  seal(grant: Grant): Promise<void>
  /** The grant, at most `grantCacheSeconds` old unless `fresh`; undefined when there is none. */
  read(grantId: string, options?: { fresh?: boolean }): Promise<Grant | undefined>
  /** Applies `change` to the stored grant with a conditional write, again when another instance was faster. */
  update(grantId: string, change: (grant: Grant) => Grant): Promise<Grant | undefined>
  /** Records which grant a job has; a second binding of the same job to the same grant is no fault. */
  bind(endpointId: string, jobId: string, grantId: string): Promise<void>
  /** The grant of a job, or undefined. */
  find(endpointId: string, jobId: string): Promise<Grant | undefined>
  /** Removes the grant, its job record and the note of its request id. */
  remove(grant: Grant): Promise<void>
}
