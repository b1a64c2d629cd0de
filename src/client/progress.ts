/** How far an upload is. */
export interface Progress {
  /** `hashing` while the file is read for its SHA-256, before anything is sent. */
  readonly phase: 'hashing' | 'uploading'
  /** Bytes that are read, or that have landed or left this machine; fewer again when a part fails. */
  readonly bytes: number
  readonly total: number
  /** Over the last ten seconds; undefined before there is anything to tell it from. */
  readonly bytesPerSecond?: number
  /** Undefined where the rate is unknown or 0. */
  readonly secondsLeft?: number
}

/** Counts what has left, by part. */
export interface Meter {
  /** Bytes of a part that have left; the last word counts. */
  set(part: number, bytes: number): void
  /** Tells the last state, whatever was told just before. */
  end(): void
}

/** Progress is told this often at most. */
const everyMs = 100
const windowMs = 10_000

/** A meter that starts with `bytes` that an earlier session has moved, which make no rate. */
export function createMeter(
  phase: Progress['phase'],
  total: number,
  bytes: number,
  tell: ((progress: Progress) => void) | undefined,
): Meter {
  const parts = new Map<number, number>()
  const marks: { at: number; bytes: number }[] = [{ at: performance.now(), bytes }]
  let toldAt = Number.NEGATIVE_INFINITY

  function show(): void {
    const now = performance.now()
    toldAt = now
    marks.push({ at: now, bytes })
    while (marks.length > 2 && now - (marks[1]?.at ?? now) > windowMs) marks.shift()
    const [first] = marks
    const seconds = first === undefined ? 0 : (now - first.at) / 1_000
    const rate = seconds < 0.2 ? undefined : Math.max(0, bytes - (first?.bytes ?? 0)) / seconds
    tell?.({
      phase,
      bytes,
      total,
      ...(rate !== undefined && { bytesPerSecond: rate }),
      ...(rate !== undefined && rate > 0 && { secondsLeft: (total - bytes) / rate }),
    })
  }

  return {
    set(part, moved) {
      bytes += moved - (parts.get(part) ?? 0)
      parts.set(part, moved)
      if (performance.now() - toldAt >= everyMs) show()
    },
    end: show,
  }
}
