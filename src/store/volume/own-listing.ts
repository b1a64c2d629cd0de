import type { VolumeConfig } from '../../config/config.ts'
import { ownKey } from './volume-path.ts'

const elements = 'Key|Prefix|KeyMarker|NextKeyMarker|StartAfter|Marker|NextMarker'

/**
 * A listing of a volume with the gateway's own keys in it, spelled as the volume spells them
 * (plainly, or percent-encoded where that was asked for).
 */
export function ownListing(volume: VolumeConfig, xml: string): string {
  const encoded = volume.prefix.replaceAll('/', '%2F')
  return xml.replace(new RegExp(`<(${elements})>([^<]*)</\\1>`, 'g'), (whole, name, key) => {
    if (key === '') return whole
    const own = key.startsWith(encoded) ? key.slice(encoded.length) : ownKey(volume, key)
    return `<${name}>${own}</${name}>`
  })
}
