import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { readChunk } from '../../intake/stage-json.ts'
import type { Body } from '../../platform.ts'
import { cleanBody } from '../../scrub/clean.ts'
import { createStagedWriter, type StagedObject } from '../../store/staged-writer.ts'
import type { ObjectStore } from '../../store/store.ts'
import { cleaning } from '../clean-answer.ts'
import type { Deps } from '../deps.ts'
import { withMissingOutput } from '../missing-output.ts'
import { linkOutputKeys } from '../outputs/link-output-keys.ts'

/** Where a webhook body goes. */
export interface SpoolTarget {
  readonly store: ObjectStore
  readonly key: string
  /** Members at the top that are left out. */
  readonly dropMembers?: readonly string[]
}

/** A webhook body that was read to its end, and what it says of its job. */
export interface Spooled {
  readonly id: string | undefined
  readonly status: string | undefined
  /** Makes an object of it: until then there is none. */
  finish(): Promise<StagedObject>
  /** Leaves nothing of it behind. */
  drop(reason?: unknown): Promise<void>
}

/**
 * Reads a body to its end, scrubbed, on its way to the store.
 *
 * @throws {GatewayError} body_too_large, store_unavailable, busy, client_gone; so does `finish`
 */
export async function spoolWebhook(
  deps: Deps,
  grant: Grant,
  { store, key, dropMembers = [] }: SpoolTarget,
  body: Body,
): Promise<Spooled> {
  const { config, platform, pool } = deps
  let id: string | undefined
  let status: string | undefined
  const source: Body = { ...body, read: () => readChunk(body) }
  const clean = cleanBody(platform, linkOutputKeys(deps, grant, source), {
    ...(await cleaning(deps, [grant])),
    dropMembers,
    onEnd: withMissingOutput(deps, grant, async (facts) => {
      id = facts.id
      status = facts.status
    }),
  })
  const writer = createStagedWriter({
    store,
    pool,
    platform,
    partBytes: config.staging.partBytes,
    partsInFlight: config.staging.partsInFlight,
    name: () => ({ key, contentType: 'application/json' }),
  })
  let bytes = 0
  try {
    for (;;) {
      const chunk = await clean.read()
      if (chunk === undefined) break
      bytes += chunk.length
      if (bytes > config.limits.webhookMaxBytes) throw tooLarge(config.limits.webhookMaxBytes)
      await writer.write(chunk)
    }
    return {
      ...{ id, status },
      finish: () => writer.finish(),
      drop: (reason) => writer.abort(reason),
    }
  } catch (error) {
    await clean.cancel(error)
    await writer.abort(error)
    throw error
  }
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('body_too_large', `Cannot take a webhook body over ${limit} bytes`, {
    limitName: 'webhookMaxBytes',
    limit,
  })
}
