const { stdout } = process
const colours = stdout.isTTY === true && process.env['NO_COLOR'] === undefined
const barWidth = 32

function paint(code: number, text: string): string {
  return colours ? `\u001b[${code}m${text}\u001b[0m` : text
}

/** Less important text. */
export const dim = (text: string): string => paint(2, text)
/** A heading. */
export const bold = (text: string): string => paint(1, text)

/** Prints one line. */
export function say(text = ''): void {
  stdout.write(`${text}\n`)
}

/** Prints one checked fact. */
export function sayChecked(good: boolean, name: string, value: string): void {
  const mark = good ? paint(32, '✓') : paint(31, '✗')
  say(`  ${mark} ${name.padEnd(24)} ${value}`)
}

/** A number of bytes for people. */
export function sizeOf(bytes: number): string {
  if (bytes < 1_000_000) return `${bytes.toLocaleString('en')} bytes`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** A progress bar: redrawn on a terminal, a line at each quarter elsewhere. */
export function createProgress(name: string, total: number) {
  let done = 0
  let drawn = -1

  function draw(): void {
    const part = Math.min(1, done / total)
    const step = Math.floor(part * (stdout.isTTY ? 200 : 4))
    if (step === drawn) return
    drawn = step
    const percent = `${Math.floor(part * 100)} %`.padStart(5)
    const full = Math.round(part * barWidth)
    const bar = `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}`
    const line = `  ${name} ${bar} ${percent}  ${sizeOf(Math.min(done, total))}`
    stdout.write(stdout.isTTY ? `\r${line}\u001b[K` : `${line}\n`)
  }

  return {
    add(bytes: number): void {
      done += bytes
      draw()
    },
    end(): void {
      done = Math.max(done, total)
      draw()
      if (stdout.isTTY) say()
    },
  }
}
