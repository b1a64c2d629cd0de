const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes for people, in powers of 1,000: three digits or fewer after the first. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${units[unit]}`
}

/** A span of milliseconds: `0.8 s`, `42 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatSpan(ms: number): string {
  const seconds = ms / 1_000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** How far an upload is, in one line. */
export function formatProgress(progress: {
  readonly bytes: number
  readonly total: number
  readonly bytesPerSecond?: number
  readonly secondsLeft?: number
}): string {
  const { bytes, total, bytesPerSecond, secondsLeft } = progress
  const percent = total === 0 ? 100 : Math.floor((bytes / total) * 100)
  const said = [`${percent} %`, `${formatBytes(bytes)} of ${formatBytes(total)}`]
  if (bytesPerSecond !== undefined) said.push(`${formatBytes(bytesPerSecond)}/s`)
  if (secondsLeft !== undefined) {
    const whole = Math.ceil(secondsLeft)
    said.push(`${whole < 60 ? `${whole} s` : formatSpan(whole * 1_000)} left`)
  }
  return said.join(' · ')
}
