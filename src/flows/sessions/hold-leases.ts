import type { EndpointConfig } from '../../config/config.ts'
import { DEFAULTS } from '../../contract/defaults.gen.ts'
import { GatewayError } from '../../errors.ts'
import type { Claimant, LeaseWish } from '../../grants/lease.ts'
import { sessionLeasesRoot, volumeLeaseKey } from '../../store/session-keys.ts'
import type { Admission } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { leasesOf, releaseLeases } from './release-leases.ts'
import { type RequestSession, takesTurns } from './request-session.ts'
import { endForgotten, lookAfter } from './take-over.ts'

/** Milliseconds between two tries of a request that waits: the first, and the longest. */
const firstPauseMs = 150
const longestPauseMs = 900

/** The longest once it has waited for a minute: a request may make 1000 of its own on Workers. */
const patientPauseMs = 4000
const patientAfterMs = 60_000

/** Milliseconds by which the clocks of two instances may differ. */
const clockSkewMs = 5000

/** Milliseconds before the platform is asked about the job that is waited for, and between two questions. */
const askFirstMs = 2000
const askEveryMs = 5000

/** Milliseconds within which an answer to `run` tells the job's id; a job that is told later may find its lease taken over, and is cancelled then. */
const runAnswersMs = 60_000

/** Seconds after which a request that has waited in vain is advised to come again. */
const retryAfterSeconds = 10

/** Leases that a job has. */
export interface HeldLeases {
  /** Keys of their records; empty where the job needs none. */
  readonly keys: readonly string[]
  /** @throws {GatewayError} session_busy, volume_busy when so much time has passed that another may have them */
  confirm(): void
  /** Gives them back; a fault is logged, they end by themselves. */
  release(): Promise<void>
}

/** Milliseconds after which a job whose id nobody has heard of no longer has its leases. */
export function unboundMs({ limits }: Deps['config'], operation: 'run' | 'runsync'): number {
  return runAnswersMs + (operation === 'run' ? 0 : limits.upstreamIdleTimeoutMs)
}

/** What a job of an endpoint has to have: its session, and the volume where one at a time may write to it. */
export function leasesFor(
  { config }: Pick<Deps, 'config'>,
  endpoint: EndpointConfig,
  session: Pick<RequestSession, 'leaseKey'> | undefined,
): LeaseWish[] {
  const { sessions, storeId } = endpoint
  const wishes: LeaseWish[] = []
  if (session !== undefined && sessions !== undefined) {
    const { exclusive, keepSeconds } = sessions
    wishes.push({ key: session.leaseKey, exclusive, storeId, keepMs: keepSeconds * 1000 })
  }
  // Always the session first, and volumes in one order: two jobs never wait for each other.
  const volumes = takesTurns(config, endpoint) ? config.stores.get(storeId)?.volume?.members : []
  for (const bucket of (volumes ?? []).map((member) => member.bucket).sort()) {
    wishes.push({ key: volumeLeaseKey(bucket), exclusive: true, storeId, keepMs: 0 })
  }
  return wishes
}

/**
 * Takes leases for a grant that is not written yet, or is to be woken; waits for jobs that have them,
 * and takes over from those that the platform no longer runs.
 *
 * @throws {GatewayError} session_busy, volume_busy after `waitSeconds`; client_gone; store_unavailable.
 *   None is held then
 */
export async function holdLeases(
  deps: Deps,
  call: Call,
  admission: Admission,
  wishes: readonly LeaseWish[],
  claimant: Omit<Claimant, 'until'> & { readonly unboundMs: number },
): Promise<HeldLeases> {
  const { platform } = deps
  const { sessions = DEFAULTS.ConfigSessions } = admission.endpoint
  const deadline = platform.now() + sessions.waitSeconds * 1000
  const { unboundMs, ...rest } = claimant
  // The last may be waited for while the first is held already.
  const until = deadline + unboundMs
  const keys: string[] = []
  const release = () => releaseLeases(deps, { grantId: claimant.grantId, leases: keys })
  try {
    for (const wish of wishes) {
      // Before the store may take it and its answer be lost; one that is retried may have it already.
      if (!claimant.waking) keys.push(wish.key)
      await waitFor(deps, call, admission, wish, { ...rest, until }, deadline)
      if (claimant.waking) keys.push(wish.key)
    }
  } catch (error) {
    await release()
    throw error
  }
  return {
    keys,
    release,
    confirm() {
      const [key] = keys
      if (key !== undefined && platform.now() + clockSkewMs >= until) throw busy(key)
    },
  }
}

async function waitFor(
  deps: Deps,
  call: Call,
  admission: Admission,
  wish: LeaseWish,
  claimant: Claimant,
  deadline: number,
): Promise<void> {
  const { log, platform } = deps
  const leases = leasesOf(deps)
  const begunAt = platform.now()
  let askAt = begunAt + askFirstMs
  let pauseMs = firstPauseMs
  let forgotten: string | undefined
  for (let isFirst = true; ; isFirst = false) {
    if (call.isGone?.()) {
      throw new GatewayError('client_gone', 'The client left before its job could start')
    }
    const taking = await leases.take(wish, claimant)
    if (taking.taken) return
    const now = platform.now()
    if (now >= deadline) throw busy(wish.key)
    if (isFirst) log.write('info', { event: 'lease_awaited', endpoint: call.endpointId })
    const { by } = taking
    if (by !== undefined && now >= askAt) {
      askAt = now + askEveryMs
      const seen = await lookAfter(deps, admission, by)
      // Once is no proof: an answer can be of a proxy, or come before the platform knows its own job.
      if (seen === 'forgotten' && forgotten === by.grantId) await endForgotten(deps, by)
      forgotten = seen === 'forgotten' ? by.grantId : undefined
    }
    const pause = Math.ceil(pauseMs * (0.5 + Math.random() / 2))
    await platform.wait(Math.min(pause, deadline - now))
    const isPatient = now - begunAt > patientAfterMs
    pauseMs = Math.min(pauseMs * 1.5, isPatient ? patientPauseMs : longestPauseMs)
  }
}

function busy(key: string): GatewayError {
  const facts = { retryAfterSeconds, limitName: 'waitSeconds' }
  if (key.startsWith(sessionLeasesRoot)) {
    const detail = `Cannot start the job yet: another one has session ${key.split('/').at(-1)}. Nothing of this request was kept; send it again`
    return new GatewayError('session_busy', detail, facts)
  }
  const detail =
    'Cannot start the job yet: another one may write to the volume. Nothing of this request was kept; send it again'
  return new GatewayError('volume_busy', detail, facts)
}
