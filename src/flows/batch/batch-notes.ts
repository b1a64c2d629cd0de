import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { openGrants, sealGrants } from '../../grants/seal.ts'
import { reasonOf } from '../../log.ts'
import { batchKey, batchPrefix } from '../../store/keys.ts'
import type { Deps } from '../deps.ts'

/** Bytes of one note at most: as many grants as one call may add, their links among them. */
const noteMaxBytes = 16 * 1024 * 1024

/**
 * Notes which grants the requests of one call have: the platform tells their ids one by one, later.
 * Gives the note's key.
 */
export async function noteBatch(
  { grants, keyring, stateStore }: Deps,
  endpointId: string,
  batchId: string,
  added: readonly Grant[],
): Promise<string> {
  const day =
    added
      .map((grant) => grant.day)
      .sort()
      .at(-1) ?? ''
  const key = batchKey(endpointId, batchId, { day, grantId: grants.newId(day) })
  const bytes = await sealGrants(keyring, key, added)
  await stateStore.put(key, bytes, { contentType: 'application/jose+json' })
  return key
}

/** The grants of a batch's requests as they were when they were added. */
export async function grantsOfBatch(
  { keyring, log, stateStore }: Deps,
  endpointId: string,
  batchId: string,
): Promise<Grant[]> {
  const found: Grant[] = []
  let next: string | undefined
  do {
    const at = next === undefined ? {} : { next }
    const page = await stateStore.list(batchPrefix(endpointId, batchId), at)
    for (const { key } of page.objects) {
      const note = await stateStore.get(key, noteMaxBytes)
      if (note === undefined) continue
      try {
        found.push(...(await openGrants(keyring, key, note.bytes)))
      } catch (cause) {
        log.write('error', { event: 'batch_note_unreadable', reason: reasonOf(cause) })
        throw new GatewayError('not_found', 'Cannot find the batch', { cause })
      }
    }
    next = page.next
  } while (next !== undefined)
  return found
}
