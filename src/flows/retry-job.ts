import { GatewayError } from '../errors.ts'
import type { Grant } from '../grants/grant.ts'
import type { Reply } from '../platform.ts'
import { admit, requireOwner } from './admit.ts'
import { cleanAnswer } from './clean-answer.ts'
import type { Call, Deps } from './deps.ts'
import { forward, isNotSent, untouched } from './pass-through.ts'
import { holdAgain } from './sessions/hold-again.ts'

/**
 * Retries a failed job: wakes its suspended grant with a new expiry first, so that the worker's
 * key works again when the job is taken, and suspends it again when upstream refuses.
 *
 * @throws {GatewayError} not_found; retry_impossible when the grant has ended or inputs are gone;
 *   session_busy, volume_busy when another job has what it needs
 */
export async function retryJob(deps: Deps, call: Call, jobId: string): Promise<Reply> {
  const admission = await admit(deps, call)
  const { endpoint, principal } = admission
  const found = await deps.grants.find(call.endpointId, jobId)
  const grant = found && (await deps.grants.read(found.grantId, { fresh: true }))
  await requireOwner(principal, grant)
  const path = `retry/${jobId}`
  if (grant === undefined)
    return await untouched(deps, await forward(deps, call, endpoint, principal, path))

  const held = await holdAgain(deps, call, admission, grant)
  const waking = await wake(deps, grant).catch(async (error: unknown) => {
    await held.undo()
    throw error
  })
  async function undo(): Promise<void> {
    await waking.undo()
    await held.undo()
  }
  const response = await forward(deps, call, endpoint, principal, path).catch(
    async (error: unknown) => {
      // Whatever was sent may run by now; if it does not, its next status says so.
      if (isNotSent(error)) await undo()
      throw error
    },
  )
  if (response.status !== 200) await undo()
  else {
    await waking.confirm()
    await held.confirm()
  }
  return await cleanAnswer(deps, response, grant, { hold: true })
}

/** A grant that this call has woken, or that was awake already. */
interface Waking {
  /** Upstream took the retry: a status of the old run that was on its way counts no more. */
  confirm(): Promise<void>
  /** Upstream refused: back to sleep, unless another call has woken it since. */
  undo(): Promise<void>
}

async function wake(deps: Deps, grant: Grant): Promise<Waking> {
  if (grant.access !== undefined) {
    throw new GatewayError(
      'retry_impossible',
      'Cannot retry: the job was given keys of the store itself, which cannot be renewed. Submit it anew',
    )
  }
  if (grant.state === 'ended') {
    throw new GatewayError(
      'retry_impossible',
      'Cannot retry: the job has ended and its key with it',
    )
  }
  await requireInputs(deps, grant)
  const now = deps.platform.now()
  let wokenAt: number | undefined
  await deps.grants.update(grant.grantId, (stored) => {
    wokenAt = stored.state === 'suspended' ? now : undefined
    if (wokenAt === undefined) return stored
    return { ...awake(stored, now), retries: (stored.retries ?? 0) + 1 }
  })
  return {
    async confirm() {
      // Of a failure that nobody has heard of yet: the grant was awake, and this is another run.
      const more = wokenAt === undefined ? 1 : 0
      await deps.grants.update(grant.grantId, (stored) => {
        if (stored.state === 'ended') return stored
        return { ...awake(stored, deps.platform.now()), retries: (stored.retries ?? 0) + more }
      })
    },
    async undo() {
      if (wokenAt === undefined) return
      await deps.grants.update(grant.grantId, (stored) =>
        stored.state === 'active' && stored.wokenAt === wokenAt
          ? { ...stored, state: 'suspended', retries: (stored.retries ?? 1) - 1 }
          : stored,
      )
    },
  }
}

/** The grant for one more run, which has as much time as the one before. */
function awake(grant: Grant, now: number): Grant {
  // Outputs are filed under the grant's day: nothing may be promised beyond its end.
  const lastMs = Date.parse(`${grant.day}T23:59:59.999Z`)
  const shiftMs = now - (grant.wokenAt ?? grant.createdAt)
  return {
    ...grant,
    state: 'active',
    wokenAt: now,
    writeExpiresAt: Math.min(lastMs, grant.writeExpiresAt + shiftMs),
    readExpiresAt: Math.min(lastMs, grant.readExpiresAt + shiftMs),
  }
}

async function requireInputs(deps: Deps, grant: Grant): Promise<void> {
  const store = deps.store(grant.storeId)
  for (const { key, mode } of grant.mounts) {
    if (mode !== 'read') continue
    const [first] = (await store?.list(key, { maxKeys: 1 }))?.objects ?? []
    // Of keys that begin alike the shortest comes first.
    const isThere = key.endsWith('/') ? first !== undefined : first?.key === key
    if (store !== undefined && !isThere) {
      throw new GatewayError('retry_impossible', 'Cannot retry: the staged inputs are gone')
    }
  }
}
