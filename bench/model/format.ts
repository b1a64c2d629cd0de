/** How the tables write numbers. */

/** A Markdown table; `head` parts its columns by `|`. */
export function table(head: string, rows: readonly (readonly string[])[]): string {
  const columns = head.split('|')
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A deviation as percent without its sign of percent. */
export function signed(deviation: number): string {
  const text = (deviation * 100).toFixed(1)
  return text === '-0.0' ? '0.0' : text.replace('-', '−')
}

/** Three digits, thousands parted. */
export function amount(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return value.toPrecision(1)
  if (Math.abs(value) < 100) return String(Number(value.toPrecision(3)))
  return Math.round(value).toLocaleString('en-US')
}

/** A share as percent. */
export function share(value: number): string {
  if (value < 0.0005) return value === 0 ? '0 %' : '< 0.1 %'
  return `${value < 0.1 ? (value * 100).toFixed(1) : (value * 100).toFixed(0)} %`
}

/** Seconds, two decimals. */
export function seconds(value: number): string {
  return `${value.toFixed(2)} s`
}

/** Dollars, two or three digits. */
export function dollars(value: number): string {
  return value < 1 ? `$${value.toPrecision(2)}` : `$${amount(value)}`
}

/** Rounded summands. */
export function parts(values: readonly number[]): string {
  return values.map((value) => (value < 0.5 ? '0' : amount(Math.round(value)))).join(' + ')
}
