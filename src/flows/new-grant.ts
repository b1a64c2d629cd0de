import type { Grant } from '../grants/grant.ts'
import type { Lifetimes } from '../grants/ttl.ts'
import type { Admission } from './admit.ts'
import type { Call, Deps } from './deps.ts'
import type { JobAccess } from './give-access.ts'

/** The grant of a request that is about to be submitted; nothing is written yet. */
export async function newGrant(
  { keyring, platform }: Deps,
  call: Call,
  { endpoint, principal }: Admission,
  { folder, mounts }: Pick<JobAccess, 'folder' | 'mounts'>,
  times: Lifetimes,
): Promise<Grant> {
  const [owner] = await principal.ids()
  // Files go when their day is over: nothing may be promised beyond its end.
  const lastMs = Date.parse(`${folder.day}T23:59:59.999Z`)
  const { outputMaxBytes: bytes, outputMaxObjects: objects } = endpoint
  return {
    ...folder,
    kid: keyring.current,
    endpointId: call.endpointId,
    storeId: endpoint.storeId,
    owner,
    state: 'active',
    createdAt: platform.now(),
    writeExpiresAt: Math.min(times.writeExpiresAt, lastMs),
    readExpiresAt: Math.min(times.readExpiresAt, lastMs),
    mounts,
    secrets: [],
    ...(times.retention === undefined ? {} : { retention: times.retention }),
    quota: { bytes, objects },
  }
}
