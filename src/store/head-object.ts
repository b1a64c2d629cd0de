import type { ObjectStore } from './store.ts'
import { StoreAnswer, storeUnavailable } from './store-fault.ts'

/** What a store says of an object without its bytes. */
export interface ObjectHead {
  readonly size: number
  readonly contentType: string
  /** As the store spells it; empty where it names none. */
  readonly etag: string
}

/**
 * Size, media type and ETag of an object; undefined where there is none.
 * @throws {GatewayError} store_unavailable
 */
export async function headObject(
  store: Pick<ObjectStore, 'send'>,
  key: string,
): Promise<ObjectHead | undefined> {
  const { status, headers, body } = await store.send({ method: 'HEAD', key })
  await body.cancel()
  return status === 404 ? undefined : readHead('HEAD', status, headers)
}

/**
 * What the headers of an answer to GET or HEAD say of the object.
 * @throws {GatewayError} store_unavailable
 */
export function readHead(method: string, status: number, headers: Headers): ObjectHead {
  const size = Number(headers.get('content-length') ?? Number.NaN)
  if (status !== 200 || !Number.isSafeInteger(size)) {
    throw storeUnavailable(new StoreAnswer(method, status, 'Unknown', 'not the head of an object'))
  }
  return {
    size,
    contentType: headers.get('content-type') ?? 'application/octet-stream',
    etag: headers.get('etag') ?? '',
  }
}
