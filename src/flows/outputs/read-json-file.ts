import { GatewayError } from '../../errors.ts'
import { realKey } from '../../grants/mount-path.ts'
import { fileHeaders } from '../../outputs/file-headers.ts'
import { readFileLink } from '../../outputs/file-link.ts'
import type { Body, Reply } from '../../platform.ts'
import { cleanBody } from '../../scrub/clean.ts'
import { cleaning } from '../clean-answer.ts'
import type { Deps } from '../deps.ts'
import { openOutput } from './open-output.ts'

/**
 * Serves a file of JSON by its link, cleaned as an answer is: an output that as a whole was too long
 * refers to its large values, and those references are of use to nobody but as links. There are no
 * ranges: another text is as long as it turns out to be.
 *
 * @throws {GatewayError} not_found when the link is forged, expired, or its file is gone;
 *   store_unavailable
 */
export async function readJsonFile(
  deps: Deps,
  method: 'GET' | 'HEAD',
  sealed: string,
): Promise<Reply> {
  const link = await readFileLink(deps.keyring, sealed, deps.platform.now())
  const grant = link && (await deps.grants.read(link.grantId))
  const store = grant && deps.store(grant.storeId)
  const key = link && grant && realKey(grant, link.path, 'read')
  const file = store && key !== undefined && (await openOutput(deps, store, key))
  if (!link || !grant || !file || file === 'compressed') {
    throw new GatewayError('not_found', 'Cannot find this file: the link is not valid any more')
  }
  const headers = fileHeaders(link.path)
  headers.set('content-type', 'application/json')
  if (method === 'HEAD') {
    await file.cancel()
    return { status: 200, headers }
  }
  const outgoing = { length: undefined, read: file.read, cancel: file.cancel }
  const source: Body = { ...outgoing, stream: () => deps.platform.toStream(outgoing) }
  return {
    status: 200,
    headers,
    body: cleanBody(deps.platform, source, await cleaning(deps, [grant])),
  }
}
