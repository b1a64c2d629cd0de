import type { EndpointConfig } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant, Mount } from '../../grants/grant.ts'
import {
  isSessionName,
  type SessionPlace,
  sessionLeaseKey,
  sessionPrefix,
} from '../../store/session-keys.ts'
import { ownerHash } from '../../uploads/by-sha256.ts'
import type { Admission } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'

/** Header in which a client names the session of its job. */
export const sessionHeader = 'bulkway-session'

const recordMaxBytes = 65_536

/** The session of a request. */
export interface RequestSession extends SessionPlace {
  /** Real prefix of its files, with the slash. */
  readonly prefix: string
  /** Key of its record in the state store. */
  readonly leaseKey: string
}

/**
 * The session that a request names, if it does.
 *
 * @throws {GatewayError} invalid_request for a name that is none, or where the endpoint has no sessions
 */
export function readSessionName(
  { headers, endpointId }: Pick<Call, 'headers' | 'endpointId'>,
  { sessions }: EndpointConfig,
): string | undefined {
  const name = headers.get(sessionHeader)
  if (name === null) return undefined
  if (sessions === undefined) {
    const detail =
      'Cannot use Bulkway-Session here: set "sessions" for the endpoint in the configuration, for ' +
      `example "endpoints": {"${endpointId}": {"sessions": {}}}`
    throw new GatewayError('invalid_request', detail)
  }
  requireSessionName(name)
  return name
}

/** @throws {GatewayError} invalid_request */
export function requireSessionName(name: string): void {
  if (isSessionName(name)) return
  const detail =
    'Name the session with 1 to 64 of A-Z a-z 0-9 . _ - in Bulkway-Session, the first a letter or digit'
  throw new GatewayError('invalid_request', detail, { limit: 64, actual: name.length })
}

/**
 * Refuses a session where there is no job whose end would be heard of, and all else there that could
 * write to a volume out of turn.
 *
 * @throws {GatewayError} invalid_request
 */
export function refuseSession(
  { config }: Pick<Deps, 'config'>,
  { headers, endpointId }: Pick<Call, 'headers' | 'endpointId'>,
  { endpoint }: Pick<Admission, 'endpoint'>,
): void {
  if (headers.has(sessionHeader)) {
    const detail =
      'Cannot use Bulkway-Session here: only run and runsync submit one job, whose end frees its session'
    throw new GatewayError('invalid_request', detail)
  }
  if (!takesTurns(config, endpoint)) return
  const detail =
    'Cannot use this route where jobs take turns on an exclusive volume: use run or runsync, or set ' +
    `"volumeWrites": false for endpoint ${endpointId} if its workers only read`
  throw new GatewayError('invalid_request', detail)
}

/** Whether an endpoint's jobs write to a volume one at a time. */
export function takesTurns(
  { stores }: Deps['config'],
  { storeId, volumeWrites }: EndpointConfig,
): boolean {
  return volumeWrites && stores.get(storeId)?.volume?.exclusive === true
}

/**
 * Whether a job has a session, or writes to a volume in its turn: then the gateway has to know its end.
 *
 * @throws {GatewayError} as `readSessionName`
 */
export function isHeldJob(
  { config }: Pick<Deps, 'config'>,
  call: Call,
  { endpoint }: Pick<Admission, 'endpoint'>,
): boolean {
  return readSessionName(call, endpoint) !== undefined || takesTurns(config, endpoint)
}

/**
 * The session that a request names, and where it lies, if it names one.
 *
 * @throws {GatewayError} as `readSessionName` and `findSession`
 */
export async function sessionOfCall(
  deps: Pick<Deps, 'stateStore'>,
  call: Call,
  admission: Admission,
): Promise<RequestSession | undefined> {
  const name = readSessionName(call, admission.endpoint)
  return name === undefined ? undefined : await findSession(deps, call, admission, name)
}

/**
 * Where a caller's session lies. After a change of master keys it stays where it was begun.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function findSession(
  { stateStore }: Pick<Deps, 'stateStore'>,
  { endpointId }: Pick<Call, 'endpointId'>,
  { principal }: Pick<Admission, 'principal'>,
  session: string,
): Promise<RequestSession> {
  const [current, ...former] = await principal.ids()
  const first = await placed(current)
  if (former.length === 0) return first
  for (const place of [first, ...(await Promise.all(former.map(placed)))]) {
    if ((await stateStore.get(place.leaseKey, recordMaxBytes)) !== undefined) return place
  }
  return first

  async function placed(id: string): Promise<RequestSession> {
    const place = { ownerHash: await ownerHash(id), endpointId, session }
    return { ...place, prefix: sessionPrefix(place), leaseKey: sessionLeaseKey(place) }
  }
}

/** Where the job bucket shows a session's directory. */
export const sessionPath = 'session/'

/**
 * What a grant knows of its session: its directory, mounted before the root that would hide it, and
 * what that may hold.
 */
export function sessionOf(
  { sessions }: EndpointConfig,
  session: RequestSession | undefined,
  mounts: readonly Mount[],
): Pick<Grant, 'mounts' | 'session'> {
  if (session === undefined || sessions === undefined) return { mounts }
  const shared: Mount = { path: sessionPath, key: session.prefix, mode: 'read-write' }
  const root = mounts.findIndex(({ path }) => path === '')
  const { maxBytes: bytes, maxObjects: objects } = sessions
  return {
    mounts: mounts.toSpliced(root < 0 ? mounts.length : root, 0, shared),
    session: { name: session.session, quota: { bytes, objects } },
  }
}

/**
 * Refuses a session that its job could not reach.
 *
 * @throws {GatewayError} invalid_request
 */
export function requireSessionAccess(
  { access }: EndpointConfig,
  { session }: { readonly session?: RequestSession | undefined },
  hasS3Config: boolean,
): void {
  const isOnVolume = access === 'volume'
  if (session === undefined || hasS3Config || isOnVolume) return
  const detail =
    'Cannot use a session beside an s3Config of your own: its directory is reached with the job’s keys'
  throw new GatewayError('invalid_request', detail)
}
