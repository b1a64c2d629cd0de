import { isPersistentKey, keptNameKey } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import { storeUnavailable } from '../store/store-fault.ts'

/** Milliseconds for which a turn is taken at least; a copy in parts renews it with each. */
export const turnMs = 300_000
const recordMaxBytes = 4096
/** Sizes that are noted of files under one name. */
const begunMost = 50

/** What a kept name stands for, as it is stored. */
interface KeptName {
  /** Id of the upload whose file it is. */
  readonly holder?: string
  readonly turn?: {
    readonly id: string
    readonly until: number
    /** Bytes of each file that may have been written under the name; absent: none yet. */
    readonly begun?: readonly number[]
  }
}

/** The right to write the file of one kept name, for one request. */
export interface Turn {
  /** Id of the upload whose file it was when the turn began. */
  readonly holder: string | undefined
  /** Bytes of the files that turns which had begun, and were not ended, may have left. */
  readonly left: readonly number[]
  /**
   * Notes that from now on there may be a file of this turn's, of `size` bytes, and renews it.
   * @throws {GatewayError} as `renew`
   */
  begin(size: number): Promise<void>
  /** @throws {GatewayError} store_unavailable, where the turn is another's by now */
  renew(): Promise<void>
  /**
   * Ends the turn; the name is the upload's of that id from now on, or nobody's.
   * @throws {GatewayError} as `renew`
   */
  end(holder: string | undefined): Promise<void>
  /**
   * Ends the turn, but for the note of what it and those before may have left.
   * @throws {GatewayError} as `renew`
   */
  leave(): Promise<void>
}

/** Id of the upload whose file has this key for good. */
export async function holderOf(state: ObjectStore, keptKey: string): Promise<string | undefined> {
  return (await read(state, keptKey)).name.holder
}

/** Whether what is being uploaded under a key is a kept file's that nobody writes any more: others share the bucket. */
export async function isLeft(state: ObjectStore, key: string, now: number): Promise<boolean> {
  const { name, etag } = await read(state, key)
  const isOurs = etag !== undefined || isPersistentKey(key)
  return isOurs && !isBusy(name, now)
}

/**
 * Takes the turn to write a kept file, for `forMs` milliseconds; undefined while it is another's.
 * Stores cannot replace or delete an object on the condition that it is still the same.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function takeTurn(
  state: ObjectStore,
  keptKey: string,
  now: () => number,
  forMs: number = turnMs,
): Promise<Turn | undefined> {
  const { name, etag } = await read(state, keptKey)
  if (isBusy(name, now())) return undefined
  const { holder } = name
  const id = crypto.randomUUID()
  const held = holder === undefined ? {} : { holder }
  const key = keptNameKey(keptKey)
  let until = 0
  let current = etag
  const left = name.turn?.begun ?? []
  let begun = left

  async function write(next: KeptName): Promise<boolean> {
    const condition = current === undefined ? ('absent' as const) : { etag: current }
    const bytes = new TextEncoder().encode(JSON.stringify(next))
    const written = await state.put(key, bytes, { contentType: 'application/json', condition })
    if (written !== undefined) current = written
    return written !== undefined
  }

  function turnUntil(at: number) {
    return { id, until: at, ...(begun.length > 0 && { begun }) }
  }

  async function extend(): Promise<boolean> {
    const next = now() + forMs
    const isHeld = await write({ ...held, turn: turnUntil(next) })
    until = isHeld ? next : 0
    return isHeld
  }

  return (await extend())
    ? {
        holder,
        left,
        async begin(size) {
          begun = [...new Set([...begun, size])].slice(-begunMost)
          if (!(await extend())) throw lost()
        },
        async renew() {
          if (!(await extend())) throw lost()
        },
        async leave() {
          if (!(await write({ ...held, turn: turnUntil(0) }))) throw lost()
        },
        async end(next) {
          if (next !== undefined) {
            if (!(await write({ holder: next }))) throw lost()
            return
          }
          if (now() >= until) throw lost()
          await state.delete(key)
        },
      }
    : undefined
}

async function read(
  state: ObjectStore,
  keptKey: string,
): Promise<{ name: KeptName; etag?: string }> {
  const object = await state.get(keptNameKey(keptKey), recordMaxBytes)
  if (object === undefined) return { name: {} }
  return { name: JSON.parse(new TextDecoder().decode(object.bytes)), etag: object.etag }
}

function isBusy({ turn }: KeptName, now: number): boolean {
  return turn !== undefined && turn.until > now
}

function lost() {
  return storeUnavailable(new Error('The turn to write a kept file is over'))
}
