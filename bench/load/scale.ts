const scale = Number(process.env['BULKWAY_BENCH_SCALE'] ?? 1)
if (!(scale > 0 && scale <= 1)) {
  throw new RangeError('BULKWAY_BENCH_SCALE must be above 0 and at most 1')
}

/** Below this a body is passed on instead of staged. */
const leastBytes = 16 * 1024 * 1024

/** Bytes of `mebibytes`, less where `BULKWAY_BENCH_SCALE` asks for a quick run; a multiple of 4. */
export function scaled(mebibytes: number): number {
  return Math.max(leastBytes, Math.ceil((mebibytes * 1024 * 1024 * scale) / 4) * 4)
}

/** `count` requests, fewer in a quick run. */
export function scaledCount(count: number): number {
  return Math.ceil(count * scale)
}
