import type { Principal } from '../../auth/authenticate.ts'
import type { Grant } from '../../grants/grant.ts'
import { reasonOf } from '../../log.ts'
import { encodeHex } from '../../sigv4/encode.ts'
import { requestPrefix } from '../../store/keys.ts'
import { ownerHash } from '../../uploads/by-sha256.ts'
import type { Call, Deps } from '../deps.ts'

const longestId = 256

/** The name that a caller has given its request; undefined where it is none of 1 to 256 characters. */
export function requestIdOf(headers: Headers): string | undefined {
  const id = headers.get('x-request-id') ?? ''
  return isRequestId(id) ? id : undefined
}

/** Whether a text can name a request. */
export function isRequestId(text: string): boolean {
  return text.length > 0 && text.length <= longestId
}

/** Prefixes of the notes under one request id: one for each id that the principal has had. */
export async function notePrefixes(
  principal: Pick<Principal, 'ids'>,
  endpointId: string,
  requestId: string,
): Promise<string[]> {
  const text = new TextEncoder().encode(requestId)
  const sha256 = encodeHex(new Uint8Array(await crypto.subtle.digest('SHA-256', text)))
  const hashes = (await principal.ids()).map(ownerHash)
  return (await Promise.all(hashes)).map((hash) => requestPrefix(hash, endpointId, sha256))
}

/** Key of the note that is to tell a request's job; undefined where the caller named no request. */
export async function noteKey(
  call: Call,
  principal: Pick<Principal, 'ids'>,
  grantId: string,
): Promise<string | undefined> {
  const requestId = requestIdOf(call.headers)
  if (requestId === undefined) return undefined
  const [prefix] = await notePrefixes(principal, call.endpointId, requestId)
  return prefix && prefix + grantId
}

/** Writes the note of a request, before its job is submitted. A fault is logged: the job is worth more. */
export async function noteRequest(deps: Deps, { requestKey }: Grant): Promise<void> {
  if (requestKey === undefined) return
  try {
    await deps.stateStore.put(requestKey, new Uint8Array(0), { contentType: 'text/plain' })
  } catch (error) {
    deps.log.write('warn', { event: 'request_not_noted', reason: reasonOf(error) })
  }
}
