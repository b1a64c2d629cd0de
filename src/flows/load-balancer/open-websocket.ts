import { GatewayError } from '../../errors.ts'
import type { IncomingResponse, OutgoingRequest, Reply } from '../../platform.ts'
import { cleanHeaders, cleaning } from '../clean-answer.ts'
import type { Call, Deps } from '../deps.ts'
import { admitToWorkers } from './admit-to-workers.ts'
import { answerNames, askWorkers, passBack } from './ask-workers.ts'

/** What both ends agree on; the rest of the handshake is the transport's. */
const handshakeNames: readonly string[] = [
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
]
const acceptNames: readonly string[] = [
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
]

/**
 * Asks the workers of a load-balancing endpoint for a WebSocket. A reply of status 101 means that it
 * is open, and `via` holds its other end; anything else is their refusal. Nothing is kept for the
 * caller, so the workers' own answer is what its key is judged by. Frames are not looked into.
 *
 * @throws {GatewayError} as `admit`; not_found where the endpoint has no load-balancing side;
 *   invalid_request for no WebSocket of version 13; upstream_unreachable
 */
export async function openWebSocket(
  deps: Deps,
  call: Call,
  path: string,
  via: (request: OutgoingRequest) => Promise<IncomingResponse>,
): Promise<Reply> {
  const admission = await admitToWorkers(deps, call)
  const { headers, method } = call
  if (method !== 'GET' || headers.get('sec-websocket-version')?.trim() !== '13') {
    throw new GatewayError('invalid_request', 'Open a WebSocket by GET and version 13 (RFC 6455)')
  }
  const request = { path, cleaned: true, moreHeaders: handshakeNames, via }
  const response = await askWorkers(deps, call, admission, request)
  if (response.status !== 101) return await passBack(deps, call, admission, response)
  const names = [...answerNames(admission), ...acceptNames]
  const options = await cleaning(deps, [], call.endpointId)
  const cleaned = await cleanHeaders(response.headers, options, names)
  // No body follows whose end would count them.
  options.onDone?.()
  return { status: 101, headers: cleaned }
}
