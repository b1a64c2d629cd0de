import { GatewayError } from '../errors.ts'
import type { ObjectStore } from './store.ts'

const encoder = new TextEncoder()

/**
 * Proves on an object of its own, which it deletes, that the store refuses both a second
 * `If-None-Match: *` and a stale `If-Match`.
 * @throws {GatewayError} misconfigured, when the store ignores or does not know conditions
 */
export async function probeConditionalWrites(store: ObjectStore): Promise<void> {
  const key = `probes/${crypto.randomUUID()}`
  const write = (text: string, condition: 'absent' | { etag: string }) =>
    store.put(key, encoder.encode(text), { condition })
  try {
    const etag = await write('first', 'absent')
    if (etag === undefined) throw unfit('a first If-None-Match is refused')
    if ((await write('second', 'absent')) !== undefined) throw unfit('If-None-Match is ignored')
    if ((await write('third', { etag })) === undefined) throw unfit('If-Match never matches')
    if ((await write('fourth', { etag })) !== undefined) throw unfit('If-Match is ignored')
  } finally {
    await store.delete(key)
  }
}

function unfit(reason: string): GatewayError {
  return new GatewayError('misconfigured', 'The state store has no conditional writes', {
    cause: new Error(reason),
  })
}
