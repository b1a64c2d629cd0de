import type { VolumeConfig } from '../../config/config.ts'
import { ownKey } from './volume-path.ts'

const elements = 'Key|Prefix|KeyMarker|NextKeyMarker|StartAfter|Marker|NextMarker'

/** A listing of a volume with the gateway's own keys in it. */
export function ownListing(volume: VolumeConfig, xml: string): string {
  return xml.replace(new RegExp(`<(${elements})>([^<]+)</\\1>`, 'g'), (_, name, key) => {
    return `<${name}>${ownKey(volume, key)}</${name}>`
  })
}
