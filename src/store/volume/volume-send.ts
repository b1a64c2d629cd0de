import type { StoreConfig, VolumeConfig, VolumeMember } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { IncomingResponse, Platform } from '../../platform.ts'
import type { StoreSend } from '../s3-operations.ts'
import { readError } from '../s3-xml.ts'
import type { StoreRequest } from '../store.ts'
import { completeSlowly } from './complete-slowly.ts'
import { copySlowly } from './copy-slowly.ts'
import { holdAnswer, xmlAnswer } from './held-answer.ts'
import { ownListing } from './own-listing.ts'
import { createSignedSend } from './signed-send.ts'
import { isDenial, type Refusal, volumeFault } from './volume-fault.ts'
import { volumeLimits } from './volume-limits.ts'

const refusalMaxBytes = 65_536
const listingMaxBytes = 4 * 1024 * 1024
const tries = 4

/** How requests reach a volume, and how long they may take. */
export interface VolumeSendOptions {
  readonly store: StoreConfig
  readonly volume: VolumeConfig
  readonly idleTimeoutMs: number
}

/**
 * Sends requests to one volume as if it were any S3: denials that pass are tried again, and a file
 * counts as complete or copied when it is seen to be whole. Other refusals come back as they are but
 * for those that an operator has to put right.
 *
 * @throws {GatewayError} store_unavailable, volume_full, volume_gone, volume_refused, body_too_large;
 *   misconfigured for a write that has a condition
 */
export function createVolumeSend(
  { store, volume, idleTimeoutMs }: VolumeSendOptions,
  member: VolumeMember,
  platform: Platform,
): StoreSend {
  const signed = createSignedSend({ keys: store, volume, member, idleTimeoutMs }, platform)
  const slow = { volume, wait: (ms: number) => platform.wait(ms), now: () => platform.now() }

  async function ask(request: StoreRequest): Promise<IncomingResponse> {
    const over = new AbortController()
    for (let tried = 1; ; tried++) {
      const answer = await signed(isStream(request) ? withSignal(request, over.signal) : request)
      if (answer.status < 400) return isListing(request) ? await rename(answer) : answer
      // What is left of a refused body must not go on leaving.
      const held = await holdAnswer(answer, refusalMaxBytes).finally(() => over.abort())
      const refusal = readRefusal(request, held.status, held.text)
      if (isDenial(refusal) && tried < tries && !isStream(request)) {
        await platform.wait(100 * 2 ** tried * (0.5 + Math.random()))
        request.signal?.throwIfAborted()
        continue
      }
      // The bytes are gone: who sent them sends them again.
      if (isDenial(refusal) && isStream(request)) return held.answer
      const fault = volumeFault(member, refusal)
      if (fault !== undefined) throw fault
      if (request.method === 'HEAD' && request.key !== '' && refusal.status === 404) {
        await requireVolume()
      }
      return held.answer
    }
  }

  /** A HEAD does not tell a file that is missing from a volume that is. */
  async function requireVolume(): Promise<void> {
    const request = { method: 'HEAD', key: '' } as const
    const { status, body } = await signed(request)
    await body.cancel()
    const code = status === 404 ? 'NoSuchBucket' : 'Unknown'
    const fault = volumeFault(member, { operation: 'HEAD bucket', status, code, message: '' })
    if (fault !== undefined && status !== 403) throw fault
  }

  async function rename(answer: IncomingResponse): Promise<IncomingResponse> {
    const { status, headers, text } = await holdAnswer(answer, listingMaxBytes)
    return xmlAnswer(status, ownListing(volume, text), headers)
  }

  return async (request) => {
    refuse(request)
    const { method, query = {}, copyFrom } = request
    if (method === 'POST' && query['uploadId'] !== undefined) {
      return await completeSlowly(ask, request, slow)
    }
    const isPart = query['partNumber'] !== undefined
    if (copyFrom !== undefined && !isPart)
      return await copySlowly(ask, { ...request, copyFrom }, slow)
    return await ask(isListing(request) ? plainKeys(request) : request)
  }
}

/** Whether a store says that it has encoded keys differs; without a wish there is nothing to say. */
function plainKeys({ query = {}, ...request }: StoreRequest): StoreRequest {
  const { 'encoding-type': _wish, ...rest } = query
  return { ...request, query: rest }
}

function readRefusal(request: StoreRequest, status: number, text: string): Refusal {
  const { code, message } = readError(text) ?? { code: 'Unknown', message: 'not an S3 answer' }
  const operation = `${request.method} ${Object.keys(request.query ?? {}).join('&')}`.trim()
  return { operation, status, code, message }
}

/** What a volume would refuse, or do in another way than was asked. */
function refuse({ method, query = {}, headers = {}, body }: StoreRequest): void {
  if (method !== 'PUT') return
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  if (names.includes('if-match') || names.includes('if-none-match')) {
    throw new GatewayError(
      'misconfigured',
      'Keep state elsewhere: volumes have no conditional writes',
    )
  }
  const length = body?.length ?? 0
  const isPart = query['partNumber'] !== undefined
  const limit = isPart ? volumeLimits.partMaxBytes : volumeLimits.putMaxBytes
  if (length <= limit) return
  const limitName = isPart ? 'volume.partMaxBytes' : 'volume.putMaxBytes'
  const what = isPart ? 'a part' : 'a file in one piece'
  const detail = `Send ${what} of at most ${limit} bytes to a network volume, not ${length}`
  throw new GatewayError('body_too_large', detail, { limitName, limit, actual: length })
}

function isListing({ method, key, query = {} }: StoreRequest): boolean {
  return method === 'GET' && key === '' && ('list-type' in query || 'uploads' in query)
}

function isStream({ body }: StoreRequest): boolean {
  return body !== undefined && !(body instanceof Uint8Array)
}

function withSignal(request: StoreRequest, own: AbortSignal): StoreRequest {
  const { signal } = request
  return { ...request, signal: signal === undefined ? own : AbortSignal.any([signal, own]) }
}
