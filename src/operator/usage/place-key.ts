import { readContentKey } from '../../store/content-keys.ts'
import { dayOfJobFile, endlessDay } from '../../store/keys.ts'
import { leaseKeyOfSessionFile } from '../../store/session-keys.ts'
import type { FileOwner, Owners } from './owners.ts'

/** When a file goes: after a day (`YYYY-MM-DD`), never by itself, or when nothing needs it any more. */
export type Expiry = string | 'never' | 'when unused'

/** Whose a file of a store is, and when it goes. */
export interface PlacedKey extends FileOwner {
  readonly expires: Expiry
}

/** Who it is where no record tells. */
const nobody: FileOwner = { endpoint: '?', principal: '' }

/** What a key of the gateway's own tells; undefined for the keys of others. */
export function placeKey(key: string, owners: Owners): PlacedKey | undefined {
  const day = dayOfJobFile(key)
  if (day !== undefined) {
    const owner = owners.ofFolder(key.split('/')[1] ?? '') ?? nobody
    return { ...owner, expires: day === endlessDay ? 'never' : day }
  }
  const content = readContentKey(key)
  if (content !== undefined) {
    const { endpointId: endpoint, ownerHash: principal } = content
    return { endpoint, principal, expires: 'when unused' }
  }
  if (leaseKeyOfSessionFile(key) !== undefined) return ofPath(key, 'when unused')
  if (/^persist\/[0-9a-f]{32}\/[^/]+\/./s.test(key)) return ofPath(key, 'never')
  if (!key.startsWith('shared/')) return undefined
  return { ...(owners.ofKept(key) ?? nobody), expires: 'never' }
}

function ofPath(key: string, expires: Expiry): PlacedKey {
  const [, principal = '', endpoint = ''] = key.split('/')
  return { endpoint: decode(endpoint), principal, expires }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
