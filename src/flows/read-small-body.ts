import { readCapped } from '../bytes/read-capped.ts'
import { GatewayError } from '../errors.ts'
import { readChunk } from '../intake/stage-json.ts'
import type { Body } from '../platform.ts'
import type { Deps } from './deps.ts'

/**
 * A body whole that announced at most `limits.smallBodyBytes`.
 *
 * @throws {GatewayError} client_gone; body_length_mismatch when it is longer than it announced
 */
export async function readSmallBody({ config }: Deps, body: Body): Promise<Uint8Array> {
  const limit = config.limits.smallBodyBytes
  const source: Body = { ...body, read: () => readChunk(body) }
  return await readCapped(source, limit, () => {
    const detail = 'The body is longer than its Content-Length'
    return new GatewayError('body_length_mismatch', detail, { limit })
  })
}
