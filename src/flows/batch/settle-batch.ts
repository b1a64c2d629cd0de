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
  grants: readonly Grant[],
  askedAt: number,
): Promise<void> {
  const ending = endingOf(answer)
  const [first] = grants
  if (ending === undefined || first === undefined) return
  // The first is ended last: where it has ended, nothing is left to do.
  const state = (await deps.grants.read(first.grantId))?.state
  if (state === undefined || state === 'ended') return
  for (let to = grants.length; to > 0; to -= atOnce) {
    const some = grants.slice(Math.max(0, to - atOnce), to)
    await Promise.all(some.map((grant) => settleJob(deps, grant, ending, askedAt)))
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
