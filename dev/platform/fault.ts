import { type Exchange, parseObject, readBody } from './exchange.ts'

/** How the next call of a route is to fail. */
export interface NextFault {
  /** Route, such as `run` or `status`. */
  readonly path: string
  /** Status to answer with, after the body was read; nothing is stored. */
  readonly status?: number
  /** Body of that answer: text is sent as HTML, anything else as JSON. */
  readonly body?: unknown
  /** Breaks the connection before, while or after the request is read and carried out. */
  readonly drop?: 'before' | 'during' | 'after'
}

/** Reads a fault from the emulator's own route. */
export async function readFault(exchange: Exchange): Promise<NextFault | undefined> {
  const { path, status, body, drop } = parseObject(await readBody(exchange.request, 1))
  if (typeof path !== 'string') return undefined
  if (drop === 'before' || drop === 'during' || drop === 'after') return { path, drop }
  if (typeof status !== 'number') return undefined
  return { path, status, body: body ?? { error: `planted ${status}` } }
}

/** Lets a call fail; true when the call is answered, false when it is to be carried out first. */
export async function fail(exchange: Exchange, fault: NextFault): Promise<boolean> {
  if (fault.drop === 'after') return false
  if (fault.drop === 'during') {
    for await (const _ of exchange.request) break
  }
  if (fault.drop !== undefined) {
    exchange.drop()
    return true
  }
  for await (const _ of exchange.request) {
    // Read to the end, so that the caller sees the answer and no broken pipe.
  }
  const { status = 500, body } = fault
  if (typeof body === 'string') exchange.answerText(status, 'text/html', body)
  else exchange.answer(status, body)
  return true
}
