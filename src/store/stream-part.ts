import { readCapped } from '../bytes/read-capped.ts'
import type { Body, OutgoingBody } from '../platform.ts'
import { readError } from './s3-xml.ts'
import type { ObjectStore } from './store.ts'
import { StoreAnswer, storeUnavailable } from './store-fault.ts'

/** Bytes of an object, both ends included. */
interface Range {
  readonly from: string
  readonly first: number
  readonly last: number
}

/** The part that they become. */
interface Target {
  readonly key: string
  readonly uploadId: string
  readonly partNumber: number
}

/**
 * Makes a part of an upload out of some bytes of another object, which pass through the gateway; its
 * ETag, undefined where there is no such object.
 * @throws {GatewayError} store_unavailable
 */
export async function streamPart(
  store: Pick<ObjectStore, 'send'>,
  { from, first, last }: Range,
  { key, uploadId, partNumber }: Target,
): Promise<string | undefined> {
  const headers = { range: `bytes=${first}-${last}` }
  const { status, body } = await store.send({ method: 'GET', key: from, headers })
  if (status !== 206) {
    await body.cancel()
    if (status === 404) return undefined
    throw storeUnavailable(
      new StoreAnswer('GET range', status, 'Unknown', 'not the bytes asked for'),
    )
  }
  const query = { partNumber: String(partNumber), uploadId }
  const passed = passOn(body, last - first + 1)
  const answer = await store
    .send({ method: 'PUT', key, query, body: passed })
    .finally(() => body.cancel())
  const text = new TextDecoder().decode(
    await readCapped(answer.body, 65_536, () => storeUnavailable(undefined)),
  )
  const etag = answer.headers.get('etag')
  if (answer.status === 200 && etag !== null) return etag
  const { code, message } = readError(text) ?? { code: 'Unknown', message: 'not an S3 answer' }
  throw storeUnavailable(new StoreAnswer('PUT part', answer.status, code, message))
}

/** What comes, as it leaves; a body that breaks off ends the request before its last byte. */
function passOn(body: Body, length: number): OutgoingBody {
  let read = 0
  return {
    length,
    async read() {
      const chunk = await body.read()
      read += chunk?.length ?? 0
      if (chunk === undefined && read < length) throw new Error(`It broke off after ${read} bytes`)
      return chunk
    },
    cancel: (reason) => body.cancel(reason),
  }
}
