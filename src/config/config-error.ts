/** One thing wrong with the configuration. */
export interface ConfigFault {
  /** RFC 6901 pointer into the document; empty for the whole of it. */
  readonly pointer: string
  readonly message: string
}

/** The configuration cannot be used; `message` lists every fault on a line of its own. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[]
  override name = 'ConfigError' as const

  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.map(({ pointer, message }) => `  ${pointer || '(document)'}: ${message}`)
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`
    super(`The configuration has ${count}:\n${lines.join('\n')}`)
    this.faults = faults
  }
}
