/** A part of a view: from `start` up to `end`. */
export interface Place {
  readonly start: number
  readonly end: number
}

/** The same place in a view that begins `by` later. */
export function moved<T extends Place>(place: T, by: number): T {
  return { ...place, start: place.start - by, end: place.end - by }
}

/** The same places in their order, those that overlap made one. */
export function united(places: readonly Place[]): Place[] {
  const out: Place[] = []
  for (const { start, end } of places.toSorted((a, b) => a.start - b.start)) {
    const before = out.at(-1)
    if (before === undefined || start >= before.end) out.push({ start, end })
    else out[out.length - 1] = { start: before.start, end: Math.max(before.end, end) }
  }
  return out
}
