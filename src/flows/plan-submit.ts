import { isNative } from '../config/check-native-access.ts'
import type { Config, EndpointConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { LiftRule } from '../json/rules.ts'
import type { JobFolder } from '../store/keys.ts'
import type { Admission } from './admit.ts'
import { type BodyKind, readBodyKind } from './body-kind.ts'
import type { Call } from './deps.ts'
import { asksForRetention } from './job-times.ts'
import { sessionHeader, takesTurns } from './sessions/request-session.ts'

export type SubmitOperation = 'run' | 'runsync'

/** How a body is walked. */
export interface LiftPlan {
  /** What upstream takes at most, in bytes. */
  readonly maxBytes: number
  /** Where refs are files: in `input`, which there must be, in that of several items, or anywhere. */
  readonly within: 'input' | 'items' | 'document'
  /** Of several items: how they lie in the document, and where the files of the one at a pointer go. */
  readonly items?: {
    /** Containers around the members of an item. */
    readonly depth: number
    /** Pointer of an item's member `input`, with a token `*` for its number. */
    readonly pattern: string
    folderOf(pointer: string): JobFolder
  }
  /** Strings that qualify by size are staged: in `input` base64, anywhere in a document data URIs. */
  readonly lift: boolean
  /** Rules that follow the endpoint's own, where it stages anything. */
  readonly rules?: readonly LiftRule[]
  /** More members of the document itself whose places are recorded. */
  readonly watchTop?: readonly string[]
  /** Told where payloads are staged, before any is, if that is where no day ends. */
  readonly noteStage?: (stage: JobFolder) => Promise<void>
  /** The refusal of a request of which too much is left once its payloads are lifted. */
  tooLarge(actual: number | undefined): GatewayError
}

/** How a request is taken, decided from its head alone. */
export interface SubmitPlan extends LiftPlan {
  readonly kind: BodyKind
  /** The body is small and read whole first; `parse` says whether it must then be looked into. */
  readonly whole: boolean
  parse(bytes: Uint8Array): boolean
}

/** Bytes that s3Config and webhook add at most: a body must leave them room, or be staged. */
const addedBytes = 1024
/** The same with keys of a store, whose session token alone may be 8 KiB. */
const addedWithTokenBytes = 12_288

/** What in a small body concerns the gateway, in any spelling: an escaped key has a `\u` in it. */
const marker = /bulkway:|webhook|s3_?config|\\u/i

/**
 * Decides from the head of a request how its body is taken.
 *
 * @throws {GatewayError} content_encoding, unsupported_media_type, body_too_large
 */
export function planSubmit(
  config: Config,
  call: Call,
  { endpoint, principal }: Admission,
  operation: SubmitOperation,
): SubmitPlan {
  refuseEncodings(call.headers)
  const kind = readBodyKind(call.headers)
  if (kind !== 'json' && endpoint.as === undefined) throw undeclared(call.endpointId)
  const maxBytes = operation === 'run' ? endpoint.runMaxBytes : endpoint.runsyncMaxBytes
  const size = call.contentLength
  const isHeld =
    call.headers.has(sessionHeader) ||
    takesTurns(config, endpoint) ||
    asksForRetention(call.headers)
  const granted = principal.mode !== 'passthrough' || endpoint.s3Config === 'always' || isHeld
  const hasToken = isNative(endpoint.access)
  const added = hasToken ? addedWithTokenBytes : addedBytes
  const over = size === undefined || size + (granted ? added : 0) > maxBytes
  if (endpoint.as === undefined && size !== undefined && size > maxBytes) {
    throw tooLarge(call.endpointId, operation, maxBytes, size)
  }
  const stages = endpoint.as !== undefined && (over || endpoint.stage === 'always')
  const whole = kind === 'json' && size !== undefined && size <= config.limits.smallBodyBytes
  const always =
    granted ||
    forcesStaging(endpoint) ||
    (stages && size !== undefined && size > endpoint.stageMinBytes)
  return {
    maxBytes,
    within: 'input',
    kind,
    whole,
    parse: (bytes) => always || marker.test(new TextDecoder('latin1').decode(bytes)),
    lift: stages,
    tooLarge: (actual) =>
      endpoint.as === undefined
        ? tooLarge(call.endpointId, operation, maxBytes, actual ?? maxBytes + 1)
        : stillTooLarge(operation, maxBytes, actual),
  }
}

function forcesStaging(endpoint: EndpointConfig): boolean {
  return endpoint.as !== undefined && endpoint.rules.some(({ stage }) => stage === true)
}

function refuseEncodings(headers: Headers): void {
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (coding !== 'identity' && coding !== '') {
    throw new GatewayError(
      'content_encoding',
      `Cannot read a body with Content-Encoding ${coding.slice(0, 40)}: send it uncompressed`,
    )
  }
}

function undeclared(endpointId: string): GatewayError {
  return new GatewayError(
    'unsupported_media_type',
    `Cannot take files for an endpoint that stages nothing: ${howToDeclare(endpointId)}, or send ` +
      'application/json',
  )
}

const limitNames = { run: 'runMaxBytes', runsync: 'runsyncMaxBytes' } as const

/** What to do where an endpoint does not say in which form its workers take files. */
export function howToDeclare(endpointId: string): string {
  return (
    `set "as" for the endpoint in the configuration, for example "endpoints": ` +
    `{"${endpointId}": {"as": "key"}}`
  )
}

/** The 413 of an endpoint that stages nothing: it says how that is changed. */
export function tooLarge(
  endpointId: string,
  operation: SubmitOperation,
  limit: number,
  actual: number,
): GatewayError {
  return new GatewayError(
    'body_too_large',
    `Cannot take ${actual} bytes for ${operation}: ${limit} allowed. To have large values staged, ` +
      `${howToDeclare(endpointId)}, or send links instead of bytes`,
    { limitName: limitNames[operation], limit, actual },
  )
}

/** The 413 of a request that is too large even without its payloads. */
export function stillTooLarge(
  operation: SubmitOperation,
  limit: number,
  actual: number | undefined,
): GatewayError {
  return new GatewayError(
    'body_too_large',
    `Cannot submit more than ${limit} bytes beside the staged payloads: have large text staged by ` +
      'a rule ("rules" of the endpoint), or send links',
    { limitName: limitNames[operation], limit, ...(actual === undefined ? {} : { actual }) },
  )
}
