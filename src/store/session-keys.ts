import { escapeSegment } from './keys.ts'

/** Prefix of the files of all sessions in an endpoint's store. */
export const sessionsRoot = 'sessions/'

/** Prefix of the records of sessions in the state store. */
export const sessionLeasesRoot = 'leases/sessions/'

/** Key of the note, in the state store, after which session's record the next sweep goes on. */
export const sessionSweepKey = 'leases/sessions-swept'

/** Whose session it is, at which endpoint: `ownerHash` is of the principal's id. */
export interface SessionPlace {
  readonly ownerHash: string
  readonly endpointId: string
  readonly session: string
}

/** Whether a text can be the name of a session: 1 to 64 of `[A-Za-z0-9._-]`, the first a letter or digit. */
export function isSessionName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)
}

/** Prefix of a session's files, with the slash. */
export function sessionPrefix(place: SessionPlace): string {
  return `${sessionsRoot}${below(place)}/`
}

/** Key of a session's record: which job holds it, and until when it is kept. */
export function sessionLeaseKey(place: SessionPlace): string {
  return `${sessionLeasesRoot}${below(place)}`
}

/** Prefix of the files of the session whose record lies under a key; undefined when the key is none. */
export function prefixOfSessionLease(key: string): string | undefined {
  if (!key.startsWith(sessionLeasesRoot)) return undefined
  const rest = key.slice(sessionLeasesRoot.length)
  return isPlace(rest) ? `${sessionsRoot}${rest}/` : undefined
}

/** Key of the record of the session that a file belongs to; undefined when the key is no such file. */
export function leaseKeyOfSessionFile(key: string): string | undefined {
  if (!key.startsWith(sessionsRoot)) return undefined
  const rest = key.slice(sessionsRoot.length).split('/').slice(0, 3).join('/')
  return isPlace(rest) ? `${sessionLeasesRoot}${rest}` : undefined
}

/** Key of the record that says which job may write to an exclusive volume, by its id. */
export function volumeLeaseKey(bucket: string): string {
  return `leases/volumes/${escapeSegment(bucket)}`
}

function below({ ownerHash, endpointId, session }: SessionPlace): string {
  return `${ownerHash}/${escapeSegment(endpointId)}/${session}`
}

function isPlace(text: string): boolean {
  const [ownerHash = '', endpointId = '', session = '', more] = text.split('/')
  const isWhole = more === undefined && endpointId !== ''
  return isWhole && /^[0-9a-f]{32}$/.test(ownerHash) && isSessionName(session)
}
