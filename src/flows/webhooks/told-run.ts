import { readCapped } from '../../bytes/read-capped.ts'
import type { Grant } from '../../grants/grant.ts'
import type { ObjectStore } from '../../store/store.ts'
import type { Deps } from '../deps.ts'
import { asResult, keptKeyOf } from '../results/keep-result.ts'
import { isFailure } from '../settle-job.ts'

/**
 * Milliseconds within which the platform repeats a webhook: a failure that comes so soon after a
 * retry may be the old run's.
 */
export const repeatsMs = 60_000

/** Bytes of two outcomes, without inputs, up to which they are compared. */
const comparedMaxBytes = 65_536

/** What two tellings of one outcome share, be they a webhook or an answer. */
const sharedMembers = ['delayTime', 'executionTime', 'error']

/** Whether a webhook may be the old run's, of a job that was retried since; `grant` is fresh. */
export function mayBeEarlier(
  deps: Pick<Deps, 'platform'>,
  grant: Grant,
  status: string | undefined,
): boolean {
  const { retries = 0, wokenAt = Number.NEGATIVE_INFINITY, state } = grant
  if (!isFailure(status) || retries === 0) return false
  return state === 'ended' || wokenAt > deps.platform.now() - repeatsMs
}

/**
 * How often the job had been retried before the run that a webhook tells of; `grant` is fresh. A
 * failure that may be the old run's is so where it is what is kept of that run, or where nothing is.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function toldRun(
  deps: Deps,
  grant: Grant,
  status: string | undefined,
  spooled: { readonly store: ObjectStore; readonly key: string },
): Promise<number> {
  const { retries = 0 } = grant
  const keptKey = keptKeyOf({ ...grant, retries: retries - 1 })
  if (!mayBeEarlier(deps, grant, status) || keptKey === undefined) return retries
  const kept = await shortText(deps, grant, deps.stateStore, keptKey)
  if (kept === undefined) return retries - 1
  const told = await shortText(deps, grant, spooled.store, spooled.key)
  return isSame(kept, told) ? retries - 1 : retries
}

/** Undefined where there is none; empty where it is too long. */
async function shortText(
  deps: Deps,
  grant: Grant,
  store: ObjectStore,
  key: string,
): Promise<string | undefined> {
  const { status, body } = await store.send({ method: 'GET', key })
  if (status !== 200) {
    await body.cancel()
    return status === 404 ? undefined : ''
  }
  const result = await asResult(deps, grant, body)
  const tooLong = new RangeError('The outcome is too long to be compared')
  try {
    return new TextDecoder().decode(await readCapped(result, comparedMaxBytes, () => tooLong))
  } catch (error) {
    if (error === tooLong) return ''
    throw error
  }
}

function isSame(kept: string, told: string | undefined): boolean {
  const [one, other] = [kept, told].map(sharedOf)
  return one !== undefined && one === other
}

function sharedOf(text: string | undefined): string | undefined {
  try {
    const job: Record<string, unknown> = JSON.parse(text ?? '')
    return JSON.stringify(sharedMembers.map((name) => job[name]))
  } catch {
    return undefined
  }
}
