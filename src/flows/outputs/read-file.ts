import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { realKey } from '../../grants/mount-path.ts'
import { conditionsOf, hasChangedSince, isOnlyForRange } from '../../outputs/conditions.ts'
import { contentDisposition, fileHeaders } from '../../outputs/file-headers.ts'
import { type FileLink, readFileLink } from '../../outputs/file-link.ts'
import { typeOf } from '../../outputs/type-of-name.ts'
import type { Reply } from '../../platform.ts'
import type { ObjectStore } from '../../store/store.ts'
import type { Deps } from '../deps.ts'

const described = [
  'content-type',
  'content-length',
  'content-range',
  'accept-ranges',
  'etag',
  'last-modified',
]

/**
 * Serves one file of a job by a link of the gateway's own: streamed from the store, or by a 302 to a
 * presigned URL of it where the endpoint says so. HEAD is answered here always, for a presigned GET
 * allows none.
 *
 * @throws {GatewayError} not_found when the link is forged, expired, or its file is gone;
 *   store_unavailable
 */
export async function readFile(
  deps: Deps,
  method: 'GET' | 'HEAD',
  sealed: string,
  requestHeaders: Headers,
): Promise<Reply> {
  const link = await readFileLink(deps.keyring, sealed, deps.platform.now())
  const grant = link && (await deps.grants.read(link.grantId))
  const store = grant && deps.store(grant.storeId)
  const key = link && grant && realKey(grant, link.path, 'read')
  if (!link || !grant || store === undefined || key === undefined) throw gone()

  const ifRange = requestHeaders.get('if-range')
  // A store may not know If-Range: it would give a part of another file.
  const redirects = method === 'GET' && ifRange === null && isRedirected(deps, grant)
  // Asked before it is sent elsewhere: what is gone is a problem of ours, not the store's XML.
  const ask = (headers: Record<string, string>) =>
    store.send({ method: redirects ? 'HEAD' : method, key, headers })
  let response = await ask(conditionsOf(requestHeaders))
  if (response.status === 412 && isOnlyForRange(requestHeaders)) {
    await response.body.cancel()
    response = await ask(conditionsOf(requestHeaders, false))
  }
  if (response.status === 404) {
    await response.body.cancel()
    throw gone()
  }
  if (![200, 206, 304, 412, 416].includes(response.status)) {
    await response.body.cancel()
    throw new GatewayError('store_unavailable', 'Cannot read the file from the store')
  }
  if (response.status < 300 && hasChangedSince(requestHeaders, response.headers)) {
    await response.body.cancel()
    return { status: 412, headers: fileHeaders(link.path) }
  }
  if (redirects && response.status < 300) {
    await response.body.cancel()
    return await redirect(deps, store, key, link, response.headers.get('content-type'))
  }
  const headers = fileHeaders(link.path)
  for (const name of described) {
    const value = response.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  // What a worker has written to its volume has no type that the volume would know.
  const isOnVolume = deps.config.stores.get(grant.storeId)?.volume !== undefined
  if (isOnVolume && response.status < 300) {
    headers.set('content-type', typeOf(headers.get('content-type'), link.path))
  }
  const coding = response.headers.get('content-encoding')
  if (coding !== null) {
    headers.set('content-encoding', coding)
    // On Workers the runtime codes the body anew, to another length.
    headers.delete('content-length')
  }
  if (response.status === 200 || response.status === 206) {
    return { status: response.status, headers, body: response.body }
  }
  await response.body.cancel()
  headers.delete('content-length')
  return { status: response.status, headers }
}

/** Whether the store of a job's files has presigned URLs, and its endpoint's clients may have them. */
function isRedirected({ config }: Deps, { endpointId, storeId }: Grant): boolean {
  const mayPresign = config.stores.get(storeId)?.presign === true
  return mayPresign && config.endpoint(endpointId)?.files === 'redirect'
}

async function redirect(
  { config, platform }: Deps,
  store: ObjectStore,
  key: string,
  { path, expiresAt }: FileLink,
  contentType: string | null,
): Promise<Reply> {
  const leftSeconds = Math.ceil((expiresAt - platform.now()) / 1000)
  const seconds = Math.min(config.access.presignSeconds, leftSeconds)
  const location = await store.presignGet(key, seconds, {
    contentDisposition: contentDisposition(path),
    ...(contentType && { contentType }),
  })
  const headers = fileHeaders(path)
  headers.delete('content-disposition')
  // The URL is good for minutes: whoever asks again is given another one.
  headers.set('cache-control', 'no-store')
  headers.set('location', location)
  return { status: 302, headers }
}

function gone(): GatewayError {
  return new GatewayError('not_found', 'Cannot find this file: the link is not valid any more')
}
