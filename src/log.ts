/** What the gateway says about itself, and the type of what it must never say. */

const shown = '[secret]'

/** A value that cannot be printed: `String` and `JSON.stringify` show `[secret]`, inspection nothing. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself; call it only where the value is used. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }
}

export type Level = 'debug' | 'info' | 'warn' | 'error'

/** One structured event; values are plain facts, never headers, URL queries or bodies. */
export interface LogEvent {
  readonly event: string
  readonly [field: string]: string | number | boolean | undefined | readonly string[]
}

export interface Log {
  write(level: Level, event: LogEvent): void
}

/** The text of a caught value for the log, without the queries of URLs in it (they can be signatures). */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, '$1?…')
}
