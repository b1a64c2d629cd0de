import { keptNameKey } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import { storeUnavailable } from '../store/store-fault.ts'

/** Milliseconds for which a turn is taken; a copy of more than 5 GB renews it with every part. */
const turnMs = 300_000
const recordMaxBytes = 4096

/** What a kept name stands for, as it is stored. */
interface KeptName {
  /** Id of the upload whose file it is. */
  readonly holder?: string
  readonly turn?: { readonly id: string; readonly until: number }
}

/** The right to write the file of one kept name, for one request. */
export interface Turn {
  /** Id of the upload whose file it was when the turn began. */
  readonly holder: string | undefined
  /** Whether a turn was not ended before this one: its request may have left a file. */
  readonly wasLeft: boolean
  /** @throws {GatewayError} store_unavailable, where the turn is another's by now */
  renew(): Promise<void>
  /**
   * Ends the turn; the name is the upload's of that id from now on, or nobody's.
   * @throws {GatewayError} as `renew`
   */
  end(holder: string | undefined): Promise<void>
  /**
   * Ends the turn, but for the note that it may have left a file.
   * @throws {GatewayError} as `renew`
   */
  leave(): Promise<void>
}

/** Id of the upload whose file has this key for good. */
export async function holderOf(state: ObjectStore, keptKey: string): Promise<string | undefined> {
  return (await read(state, keptKey)).name.holder
}

/** Whether somebody writes the file just now. */
export async function isTaken(state: ObjectStore, keptKey: string, now: number): Promise<boolean> {
  return isBusy((await read(state, keptKey)).name, now)
}

/**
 * Takes the turn to write a kept file, for 5 minutes; undefined while it is another's. Stores cannot
 * replace or delete an object on the condition that it is still the same.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function takeTurn(
  state: ObjectStore,
  keptKey: string,
  now: () => number,
): Promise<Turn | undefined> {
  const { name, etag } = await read(state, keptKey)
  if (isBusy(name, now())) return undefined
  const { holder } = name
  const id = crypto.randomUUID()
  const held = holder === undefined ? {} : { holder }
  const key = keptNameKey(keptKey)
  let until = 0
  let current = etag

  async function write(next: KeptName): Promise<boolean> {
    const condition = current === undefined ? ('absent' as const) : { etag: current }
    const bytes = new TextEncoder().encode(JSON.stringify(next))
    const written = await state.put(key, bytes, { contentType: 'application/json', condition })
    if (written !== undefined) current = written
    return written !== undefined
  }

  async function extend(): Promise<boolean> {
    const next = now() + turnMs
    const isHeld = await write({ ...held, turn: { id, until: next } })
    until = isHeld ? next : 0
    return isHeld
  }

  return (await extend())
    ? {
        holder,
        wasLeft: name.turn !== undefined,
        async renew() {
          if (!(await extend())) throw lost()
        },
        async leave() {
          if (!(await write({ ...held, turn: { id, until: 0 } }))) throw lost()
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
