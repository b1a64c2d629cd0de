import { concat } from '../../bytes/concat.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import type { Admission } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { sealJob } from '../seal-job.ts'
import { dropJob } from '../settle-job.ts'
import type { BatchItem } from './split-items.ts'

/** Grants that are sealed at once: Workers have six connections. */
const atOnce = 4

/**
 * Seals a grant for each of these requests, as if each had come alone, and writes the document anew
 * around them. When a batch is begun nobody knows: they live as long as a job may take.
 *
 * @throws {GatewayError} as `sealJob`; no grant is left then, staged payloads are the caller's
 */
export async function sealItems(
  deps: Deps,
  call: Call,
  admission: Admission,
  document: Uint8Array,
  items: readonly BatchItem[],
  maxBytes: number,
): Promise<{ grants: Grant[]; request: Uint8Array }> {
  // One request id cannot name many jobs.
  const headers = new Headers(call.headers)
  headers.delete('x-request-id')
  const alone = { ...call, headers }
  const sealed: { grant: Grant; request: Uint8Array }[] = []
  let next = 0
  let fault: { readonly error: unknown } | undefined
  async function sealOneByOne(): Promise<void> {
    for (let at = next++; at < items.length && fault === undefined; at = next++) {
      const item = items[at]
      if (item === undefined) return
      try {
        sealed[at] = await sealJob(deps, alone, admission, item.lifted, maxBytes, Infinity)
      } catch (error) {
        fault ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, sealOneByOne))
  const grants = sealed.flatMap(({ grant }) => grant)
  const request = fault === undefined ? render(document, items, sealed) : undefined
  if (request === undefined || request.length > maxBytes) {
    await dropAll(deps, grants)
    throw fault === undefined ? tooLarge(request?.length ?? 0, maxBytes) : fault.error
  }
  return { grants, request }
}

/** Removes grants of requests that certainly never came to be, a few at a time. */
export async function dropAll(deps: Deps, grants: readonly Grant[]): Promise<void> {
  for (let at = 0; at < grants.length; at += atOnce) {
    await Promise.all(grants.slice(at, at + atOnce).map((grant) => dropJob(deps, grant)))
  }
}

function render(
  document: Uint8Array,
  items: readonly BatchItem[],
  sealed: readonly { request: Uint8Array }[],
): Uint8Array {
  const pieces: Uint8Array[] = []
  let copied = 0
  items.forEach(({ start, end }, at) => {
    pieces.push(document.subarray(copied, start), sealed[at]?.request ?? new Uint8Array(0))
    copied = end
  })
  return concat([...pieces, document.subarray(copied)])
}

function tooLarge(actual: number, limit: number): GatewayError {
  return new GatewayError(
    'body_too_large',
    `Cannot add ${actual} bytes to a batch that are left after staging: ${limit} allowed. Add fewer ` +
      'requests at a time',
    { limit, actual },
  )
}
