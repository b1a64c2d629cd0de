import type { Progress } from '../client-node/client.ts'

/** Where people read what is going on. */
export interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** How far one file is, for people. */
export interface ProgressLine {
  show(progress: Progress): void
  /** Says something else, above the line. */
  say(text: string): void
  /** Leaves the line as it is. */
  end(): void
}

const barWidth = 24
/** Where nothing can be redrawn, a line comes after so many percent. */
const stepPercent = 10

/**
 * A line that is redrawn on a terminal, and new lines elsewhere; `quiet` draws nothing where it
 * could not be redrawn.
 */
export function createProgressLine(
  screen: Screen,
  name: string,
  { colour, redraw, quiet }: { colour: boolean; redraw: boolean; quiet: boolean },
): ProgressLine {
  let drawn = ''
  let step = -1
  const clear = () => (drawn === '' ? '' : '\r\u001b[K')

  return {
    show(progress) {
      const { bytes, total } = progress
      const part = total === 0 ? 1 : bytes / total
      if (redraw) {
        drawn = clip(lineOf(name, progress, part, colour), screen.columns ?? 80, colour)
        screen.write(`\r${drawn}\u001b[K`)
        return
      }
      const now = Math.floor((part * 100) / stepPercent)
      if (quiet || now === step) return
      step = now
      screen.write(`${textOf(name, progress, part)}\n`)
    },
    say(text) {
      screen.write(`${clear()}${text}\n`)
      if (drawn !== '') screen.write(drawn)
    },
    end() {
      if (drawn !== '') screen.write('\n')
      drawn = ''
    },
  }
}

function lineOf(name: string, progress: Progress, part: number, colour: boolean): string {
  const full = Math.round(part * barWidth)
  const bar = `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}`
  const [first = '', ...rest] = piecesOf(name, progress, part)
  return [first, colour ? `\u001b[32m${bar}\u001b[39m` : bar, ...rest].join('  ')
}

function textOf(name: string, progress: Progress, part: number): string {
  return piecesOf(name, progress, part).join('  ')
}

function piecesOf(name: string, progress: Progress, part: number): string[] {
  const { phase, bytes, total, bytesPerSecond, secondsLeft } = progress
  const done = bytes >= total
  return [
    phase === 'hashing' ? `${name} (hashing)` : name,
    `${Math.floor(part * 100)} %`.padStart(5),
    `${sizeOf(bytes)} of ${sizeOf(total)}`,
    ...(bytesPerSecond === undefined ? [] : [`${sizeOf(bytesPerSecond)}/s`]),
    ...(done || secondsLeft === undefined ? [] : [`${durationOf(secondsLeft)} left`]),
  ]
}

/** A number of bytes for people. */
export function sizeOf(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB']
  if (bytes < 1_000) return `${Math.round(bytes)} B`
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1_000 ** power).toFixed(1)} ${units[power - 1]}`
}

/** Seconds as minutes and seconds, or hours too. */
export function durationOf(seconds: number): string {
  const whole = Math.ceil(seconds)
  const two = (count: number) => `${count}`.padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}

// A line that wraps is not redrawn over itself. Colour codes take no room.
function clip(line: string, columns: number, colour: boolean): string {
  const room = Math.max(20, columns - 1) + (colour ? 10 : 0)
  return line.length <= room ? line : line.slice(0, room)
}
