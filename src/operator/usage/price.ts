import type { StoreConfig } from '../../config/config.ts'
import { PRESETS } from '../../config/presets.ts'

/** Bytes of a gigabyte, by which stores bill, and of the first terabyte of a volume. */
export const gigabyte = 1e9
const firstBytes = 1000 * gigabyte

/** US dollars for a gigabyte of a volume above its first terabyte. */
const volumeRest = 0.05

/** What a store takes a month; undefined where nobody has said. */
export interface Price {
  readonly perGbMonth: number
  /** Above the first TB. */
  readonly restPerGbMonth?: number
  /** As many times: volumes that hold the same files. */
  readonly copies: number
  readonly source: 'configuration' | 'preset'
}

/** The price of a store: as the configuration says, else by the list of its kind. */
export function priceOf({
  preset = 's3',
  pricePerGbMonth,
  volume,
}: StoreConfig): Price | undefined {
  const copies = volume?.members.length ?? 1
  if (pricePerGbMonth !== undefined) {
    return { perGbMonth: pricePerGbMonth, copies, source: 'configuration' }
  }
  const perGbMonth = PRESETS[preset].pricePerGbMonth
  if (perGbMonth === undefined) return undefined
  const rest = volume === undefined ? {} : { restPerGbMonth: volumeRest }
  return { perGbMonth, ...rest, copies, source: 'preset' }
}

/** US dollars a month for so many bytes. */
export function costOf(price: Price, bytes: number): number {
  const { perGbMonth, restPerGbMonth = perGbMonth, copies } = price
  const first = Math.min(bytes, firstBytes)
  return (copies * (first * perGbMonth + (bytes - first) * restPerGbMonth)) / gigabyte
}
