import type { components } from '../../contract/types.gen.ts'
import type { Reply } from '../../platform.ts'
import type { ListPage } from '../../store/store.ts'
import type { Call, Deps } from '../deps.ts'
import { ownSession } from './own-session.ts'
import { leasesOf } from './release-leases.ts'

type Session = components['schemas']['Session']

/** Files that are counted at most; of a session that holds more it is said that there are more. */
const countedMax = 100_000

/**
 * Tells what a session holds, which jobs have it and until when it is kept.
 *
 * @throws {GatewayError} as `ownSession`; store_unavailable
 */
export async function readSession(deps: Deps, call: Call, name: string): Promise<Reply> {
  const { session, stored, store } = await ownSession(deps, call, name)
  let files = 0
  let bytes = 0
  let next: string | undefined
  do {
    const page: ListPage = await store.list(session.prefix, next === undefined ? {} : { next })
    for (const { size } of page.objects) bytes += size
    files += page.objects.filter(({ key }) => !store.listsDirectories || !key.endsWith('/')).length
    next = page.next
  } while (next !== undefined && files < countedMax)
  const { lease } = stored
  const live = await leasesOf(deps).liveHolders(lease)
  const jobs = [...live.values()].map((grant) => grant?.jobId).filter((id) => id !== undefined)
  const found: Session = {
    session: name,
    files,
    bytes,
    hasMore: next !== undefined,
    isRunning: live.size > 0,
    jobs,
    createdAt: new Date(lease.createdAt).toISOString(),
    usedAt: new Date(lease.usedAt).toISOString(),
    expiresAt: new Date(lease.expiresAt).toISOString(),
  }
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  return { status: 200, headers, body: new TextEncoder().encode(JSON.stringify(found)) }
}
