import type { Level, Log } from '../log.ts'

const order: readonly Level[] = ['debug', 'info', 'warn', 'error']

/** A log of JSON lines; events below `least` are dropped. */
export function createJsonLog(least: string | undefined, write: (line: string) => void): Log {
  const from = Math.max(0, order.indexOf((least ?? 'info') as Level))
  return {
    write(level, event) {
      if (order.indexOf(level) < from) return
      write(JSON.stringify({ time: new Date().toISOString(), level, ...event }))
    },
  }
}
