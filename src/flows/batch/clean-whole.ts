import { concat } from '../../bytes/concat.ts'
import { onceBody } from '../../bytes/once-body.ts'
import { readCapped } from '../../bytes/read-capped.ts'
import { GatewayError } from '../../errors.ts'
import type { BatchNote } from '../../grants/batch-notes.ts'
import type { Grant } from '../../grants/grant.ts'
import type { IncomingResponse, OutgoingBody, Reply } from '../../platform.ts'
import { cleanBody } from '../../scrub/clean.ts'
import { cleanHeaders, cleaning } from '../clean-answer.ts'
import { decodedAnswer } from '../decoded-answer.ts'
import type { Deps } from '../deps.ts'

/** Bytes of an answer about a batch at most: it is read whole before it is cleaned. */
const answerMaxBytes = 16 * 1024 * 1024

/** Grants whose secrets are compiled at once: for a thousand it would take 150 MB. */
const atOnce = 100

/**
 * An answer's bytes, decoded.
 *
 * @throws {GatewayError} upstream_unreachable for an answer that is too large or breaks off
 */
export async function readWhole(deps: Deps, response: IncomingResponse): Promise<Uint8Array> {
  const { body } = await decodedAnswer(deps.platform, response)
  return await readCapped(
    body,
    answerMaxBytes,
    () =>
      new GatewayError(
        'upstream_unreachable',
        `Cannot clean an answer of more than ${answerMaxBytes} bytes: ask for fewer requests by limit`,
      ),
  )
}

/**
 * An answer that was read whole, cleaned of the secrets of many grants, a hundred at a time: those that
 * are given, and those of notes.
 *
 * @throws {GatewayError} not_found for a note that nobody can read any more
 */
export async function cleanWhole(
  deps: Deps,
  { status, headers }: Pick<IncomingResponse, 'status' | 'headers'>,
  bytes: Uint8Array,
  known: readonly Grant[],
  endpointId: string,
  notes: readonly BatchNote[] = [],
): Promise<Reply> {
  const json = (headers.get('content-type') ?? 'json').includes('json')
  let cleanedHeaders = new Headers(headers)
  // What was read whole was decoded.
  cleanedHeaders.delete('content-encoding')
  let cleaned = bytes
  for await (const grants of hundreds(known, notes)) {
    const options = await cleaning(deps, grants, endpointId)
    cleanedHeaders = await cleanHeaders(cleanedHeaders, options)
    cleaned = await gather(cleanBody(deps.platform, onceBody(cleaned), { ...options, json }))
  }
  return { status, headers: cleanedHeaders, body: cleaned }
}

/** Each grant once, a hundred at a time; at least once, for the endpoint's own key. */
async function* hundreds(
  known: readonly Grant[],
  notes: readonly BatchNote[],
): AsyncGenerator<Grant[]> {
  const ids = new Set(known.map(({ grantId }) => grantId))
  let rest = [...known]
  let isFirst = true
  for (let at = 0; at < notes.length || rest.length > 0 || isFirst; isFirst = false) {
    while (rest.length < atOnce && at < notes.length) {
      const more = (await notes[at++]?.read()) ?? []
      rest = [...rest, ...more.filter(({ grantId }) => !ids.has(grantId))]
    }
    yield rest.slice(0, atOnce)
    rest = rest.slice(atOnce)
  }
}

async function gather(body: OutgoingBody): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    // A chunk is valid until the next read only.
    chunks.push(chunk.slice())
  }
  return concat(chunks)
}
