import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { readChunk } from '../../intake/stage-json.ts'
import type { Body } from '../../platform.ts'
import { cleanBody } from '../../scrub/clean.ts'
import { webhookPrefix } from '../../store/keys.ts'
import { createStagedWriter, type StagedObject } from '../../store/staged-writer.ts'
import type { ObjectStore } from '../../store/store.ts'
import { cleaning } from '../clean-answer.ts'
import type { Deps } from '../deps.ts'
import { withMissingOutput } from '../missing-output.ts'
import { linkOutputKeys } from '../outputs/link-output-keys.ts'

/** A webhook body in the store, and what it says of its job. */
export interface Received {
  readonly object: StagedObject
  readonly id: string | undefined
  readonly status: string | undefined
}

/**
 * Writes the scrubbed body to a folder of `day` that no key of a job reaches; the sweep finds it
 * there after a crash.
 *
 * @throws {GatewayError} body_too_large, store_unavailable, busy, client_gone
 */
export async function spoolWebhook(
  deps: Deps,
  grant: Grant,
  day: string,
  store: ObjectStore,
  body: Body,
): Promise<Received> {
  const { config, platform, pool } = deps
  let id: string | undefined
  let status: string | undefined
  const source: Body = { ...body, read: () => readChunk(body) }
  const clean = cleanBody(platform, linkOutputKeys(deps, grant, source), {
    ...(await cleaning(deps, [grant])),
    onEnd: withMissingOutput(deps, grant, async (facts) => {
      id = facts.id
      status = facts.status
    }),
  })
  const key = `${webhookPrefix({ day, grantId: deps.grants.newId(day) })}body.json`
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
    return { object: await writer.finish(), id, status }
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
