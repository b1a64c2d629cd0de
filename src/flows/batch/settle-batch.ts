import type { BatchNote } from '../../grants/batch-notes.ts'
import type { Grant } from '../../grants/grant.ts'
import type { Deps } from '../deps.ts'
import { settleJob } from '../settle-job.ts'

/** Grants that are ended at once: Workers have six connections. */
const atOnce = 4

/**
 * Ends all that a batch's requests were given, once the platform says that the batch is over: their
 * own webhooks may never come. An answer that says nothing of the kind changes nothing.
 */
export async function settleBatch(
  deps: Deps,
  answer: Uint8Array,
  notes: readonly BatchNote[],
  askedAt: number,
): Promise<void> {
  const ending = endingOf(answer)
  if (ending === undefined) return
  const [first] = (await notes[0]?.read()) ?? []
  if (first === undefined) return
  // The first is ended last: where it has ended, nothing is left to do.
  const state = (await deps.grants.read(first.grantId))?.state
  if (state === undefined || state === 'ended') return
  async function settle(noted: Grant): Promise<void> {
    // Most have been ended by their own webhooks, or by an earlier answer that is still at it.
    const grant = await deps.grants.read(noted.grantId)
    if (grant !== undefined) await settleJob(deps, grant, ending, askedAt)
  }
  for (const note of notes.toReversed()) {
    const grants = await note.read()
    for (let to = grants.length; to > 0; to -= atOnce) {
      await Promise.all(grants.slice(Math.max(0, to - atOnce), to).map(settle))
    }
  }
}

/** The status that every request of a batch has reached by then, as far as its grant is concerned. */
function endingOf(answer: Uint8Array): 'COMPLETED' | 'CANCELLED' | undefined {
  let batch: unknown
  try {
    batch = JSON.parse(new TextDecoder().decode(answer))
  } catch {
    return undefined
  }
  if (typeof batch !== 'object' || batch === null || !('status' in batch)) return undefined
  const { status } = batch
  // Requests that run when a batch is cancelled end first.
  if (status === 'CANCELLED' || status === 'FAILED') return 'CANCELLED'
  const count = (name: string) => {
    const value: unknown = Object.entries(batch).find(([member]) => member === name)?.[1]
    return typeof value === 'number' ? value : 0
  }
  const total = count('requestTotal')
  const over = count('requestCompleted') + count('requestFailed')
  return status === 'FINALIZED' && total > 0 && over === total ? 'COMPLETED' : undefined
}
