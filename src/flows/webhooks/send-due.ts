import { dayOfGrantId } from '../../grants/grant-id.ts'
import { reasonOf } from '../../log.ts'
import type { DueNote } from '../../webhooks/stored-deliveries.ts'
import type { Deps } from '../deps.ts'
import { attemptDelivery, claimMs, deliveriesOf } from './deliver-durably.ts'

/** How much one look for due webhooks may do. */
export interface SendDueOptions {
  /** Webhooks that are sent at once. */
  readonly width: number
  /** Milliseconds after which none is begun any more: the next look goes on. */
  readonly forMs: number
}

/**
 * Sends the kept webhooks that are due, those alone that no other instance has taken; resolves to how
 * many were tried. Any number of instances may do it at once, and any may die in it.
 *
 * @throws {GatewayError} store_unavailable when the state store cannot be read
 */
export async function sendDueWebhooks(deps: Deps, options: SendDueOptions): Promise<number> {
  const { platform } = deps
  const startedAt = platform.now()
  const notes = shuffled(await deliveriesOf(deps).due(startedAt))
  let tried = 0
  async function work(): Promise<void> {
    for (let note = notes.pop(); note !== undefined; note = notes.pop()) {
      if (platform.now() - startedAt > options.forMs) return
      if (await attemptNoted(deps, note)) tried++
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.width, notes.length) }, work))
  return tried
}

async function attemptNoted(deps: Deps, note: DueNote): Promise<boolean> {
  try {
    const now = deps.platform.now()
    const day = dayOfGrantId(note.grantId)
    const claimed = day && (await deliveriesOf(deps).claim(note, day, now, now + claimMs(deps)))
    if (!claimed) return false
    await attemptDelivery(deps, claimed)
    return true
  } catch (error) {
    deps.log.write('warn', { event: 'webhook_not_tried', reason: reasonOf(error) })
    return false
  }
}

/** Instances that look at once begin elsewhere, and no receiver that hangs is always first. */
function shuffled(notes: DueNote[]): DueNote[] {
  const keyed = notes.map((note) => ({ note, order: Math.random() }))
  return keyed.sort((one, other) => one.order - other.order).map(({ note }) => note)
}
