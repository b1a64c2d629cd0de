import type { StoreConfig } from '../config/config.ts'
import type { IncomingResponse, Platform } from '../platform.ts'
import { createPresign } from './presign.ts'
import { presignPart } from './presign-part.ts'
import { isIdempotent, outgoingHeaders, signedHeaders } from './s3-headers.ts'
import { createOperations } from './s3-operations.ts'
import type { ObjectStore, StoreRequest } from './store.ts'
import { storeUnavailable } from './store-fault.ts'

/** Options of a store; both are clocks of its own requests. */
export interface S3StoreOptions {
  readonly idleTimeoutMs: number
  /** Seconds that the URL of one of the store's own requests is good for. */
  readonly presignSeconds: number
}

/**
 * Makes the store of one bucket. Every request is a presigned URL sent by the platform (decision
 * 002); small requests are tried four times on faults that pass, `send` and `uploadPart` once.
 */
export function createS3Store(
  config: StoreConfig,
  platform: Platform,
  options: S3StoreOptions,
): ObjectStore {
  const presign = createPresign(config, platform.digests)
  async function send(request: StoreRequest): Promise<IncomingResponse> {
    const headers = outgoingHeaders(request, config.bucket)
    const signed = { ...request, headers: signedHeaders(request, headers) }
    const url = await presign(signed, platform.now(), options.presignSeconds)
    try {
      return await platform.send({
        method: request.method,
        url,
        headers: new Headers(headers),
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        idleTimeoutMs: options.idleTimeoutMs,
        idempotent: isIdempotent(request, headers),
      })
    } catch (cause) {
      throw storeUnavailable(cause)
    }
  }

  async function presignGet(
    key: string,
    expiresInSeconds: number,
    overrides: { contentDisposition?: string; contentType?: string } = {},
  ): Promise<string> {
    const query: Record<string, string> = {}
    const { contentDisposition, contentType } = overrides
    if (contentDisposition !== undefined) query['response-content-disposition'] = contentDisposition
    if (contentType !== undefined) query['response-content-type'] = contentType
    return await presign({ method: 'GET', key, query }, platform.now(), expiresInSeconds)
  }

  return {
    ...createOperations(config.id, platform, send),
    presignGet,
    presignPart: (part, seconds) => presignPart(presign, config, part, platform.now(), seconds),
  }
}
