/** Middle and ends of one figure over the rounds; null where no round gave it. */
export interface Summary {
  readonly median: number | null
  readonly min: number | null
  readonly max: number | null
}

/** Sums up what the rounds gave, leaving out what is not a number. */
export function summarize(values: readonly (number | undefined)[]): Summary {
  const known = values.filter((value): value is number => Number.isFinite(value))
  const sorted = known.sort((one, other) => one - other)
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (min === undefined || max === undefined) return { median: null, min: null, max: null }
  const below = sorted[(sorted.length - 1) >> 1] ?? min
  const above = sorted[sorted.length >> 1] ?? max
  return { median: rounded((below + above) / 2), min: rounded(min), max: rounded(max) }
}

/** The value below which `share` (0 to 1) of the values lie; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Four digits: more than the noise of any figure, and short in a diff. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
