import { BulkwayError, type Patience } from '../client-node/client.ts'
import type { ProgressLine, Screen } from './progress-line.ts'
import { createProgressLine } from './progress-line.ts'

/** What a command runs in; `main.ts` gives it the process's own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly stdout: { write(text: string): unknown }
  readonly stderr: Screen
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal
  /** How long what fails is tried again; default: as long as the client does. */
  readonly retry?: Patience
}

/** Says what happens: results on stdout, all else on stderr. */
export interface Reporter {
  /** A result: `text` for people, or the event as one line of JSON. */
  result(event: string, members: object, text: string): void
  /** Something that is a line of JSON too, but for people no more than a remark. */
  event(event: string, members: object, text: string): void
  /** A remark. */
  say(text: string): void
  progress(name: string): ProgressLine
  fail(error: unknown): void
}

export function createReporter(surroundings: Surroundings, json: boolean): Reporter {
  const { env, stdout, stderr } = surroundings
  const redraw = stderr.isTTY === true && env['TERM'] !== 'dumb'
  const colour = redraw && !env['NO_COLOR']
  const say = (text: string) => void (text !== '' && stderr.write(`${text}\n`))
  const print = (event: string, members: object) =>
    void stdout.write(`${JSON.stringify({ event, ...members })}\n`)
  return {
    say,
    result: (event, members, text) =>
      json ? print(event, members) : void stdout.write(`${text}\n`),
    event: (event, members, text) => (json ? print(event, members) : say(text)),
    progress: (name) => createProgressLine(stderr, name, { colour, redraw, quiet: json }),
    fail(error) {
      const facts = factsOf(error)
      if (json) print('error', facts)
      const id = facts.requestId === undefined ? '' : ` (request ${facts.requestId})`
      stderr.write(`${colour ? '\u001b[31mbulkway:\u001b[39m' : 'bulkway:'} ${facts.detail}${id}\n`)
    },
  }
}

function factsOf(error: unknown) {
  if (error instanceof BulkwayError) {
    const { code, status, detail, pointer, requestId, partNumber } = error
    return { code, status, detail, pointer, requestId, partNumber }
  }
  const detail = error instanceof Error ? error.message : `${error}`
  const isUsage = error instanceof Error && error.name === 'UsageError'
  return { code: isUsage ? 'usage' : 'failed', status: 0, detail, requestId: undefined }
}
