import type { Usage, Used } from './measure.ts'
import type { Price } from './price.ts'

/** A network volume as it is billed. */
export interface VolumeSize {
  readonly store: string
  readonly volume: string
  /** Gigabytes, of 10^9 bytes. */
  readonly gigabytes: number
  readonly costPerMonth: number
}

/** A table for people; hashes of principals are cut to twelve characters. */
export function renderUsage({ stores, used }: Usage, volumes: readonly VolumeSize[]): string {
  const rows = used.map((one) => [
    one.store,
    one.endpoint,
    one.principal === '' ? '-' : one.principal.slice(0, 12),
    String(one.objects),
    sizeOf(one.bytes),
    expiryOf(one),
    moneyOf(one.costPerMonth),
  ])
  const head = ['store', 'endpoint', 'principal', 'objects', 'size', 'goes after', 'a month']
  const lines = [table([head, ...rows])]
  for (const { store, kind, objects, bytes, price, costPerMonth } of stores) {
    lines.push(
      `${store} (${kind}): ${objects} objects, ${sizeOf(bytes)}, ${priceText(price, costPerMonth)}`,
    )
  }
  for (const { store, volume, gigabytes, costPerMonth } of volumes) {
    lines.push(
      `${store}: volume ${volume} has ${gigabytes} GB, which cost ${moneyOf(costPerMonth)} a month, full or not`,
    )
  }
  return `${lines.join('\n')}\n`
}

function priceText(price: Price | undefined, costPerMonth: number | undefined): string {
  if (price === undefined) return 'no price is known: set "pricePerGbMonth" for the store'
  const { perGbMonth, restPerGbMonth, copies, source } = price
  const rest = restPerGbMonth === undefined ? '' : ` ($${restPerGbMonth} above 1 TB)`
  const times = copies === 1 ? '' : ` in ${copies} volumes`
  const by = source === 'preset' ? 'the list' : 'the configuration'
  return `${moneyOf(costPerMonth)} a month at $${perGbMonth} a GB${rest}${times} by ${by}`
}

/** What goes first, and how many days follow. */
function expiryOf({ expires }: Used): string {
  const days = Object.keys(expires).filter((key) => /^\d/.test(key))
  const others = Object.keys(expires).filter((key) => !days.includes(key))
  const [first, ...more] = days.sort()
  if (first === undefined) return others.join(', ')
  const last = more.at(-1)
  return [last === undefined ? first : `${first} to ${last}`, ...others].join(', ')
}

function moneyOf(dollars: number | undefined): string {
  if (dollars === undefined) return '-'
  return dollars > 0 && dollars < 0.01 ? '< $0.01' : `$${dollars.toFixed(2)}`
}

/** A number of bytes for people. */
export function sizeOf(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let amount = bytes
  let unit = 0
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000
    unit++
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
