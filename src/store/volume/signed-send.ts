import type { StoreConfig, VolumeConfig, VolumeMember } from '../../config/config.ts'
import type { Platform } from '../../platform.ts'
import { canonicalQuery } from '../../sigv4/canonical.ts'
import { encodeHex, encodeRfc3986 } from '../../sigv4/encode.ts'
import { createHeaderSigner } from '../../sigv4/sign-headers.ts'
import { escapeKey } from '../presign.ts'
import { isIdempotent, outgoingHeaders, signedHeaders } from '../s3-headers.ts'
import type { StoreSend } from '../s3-operations.ts'
import type { StoreRequest } from '../store.ts'
import { storeUnavailable } from '../store-fault.ts'
import { volumeKey } from './volume-path.ts'

/** A body up to this is hashed, and bound by the signature; longer ones would be read twice. */
const hashedMaxBytes = 1024 * 1024

const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** One volume, and with whose keys its requests are signed. */
export interface SignedSendOptions {
  readonly keys: Pick<StoreConfig, 'accessKeyId' | 'secretAccessKey'>
  readonly volume: VolumeConfig
  readonly member: VolumeMember
  readonly idleTimeoutMs: number
}

/** Sends requests as they are to one volume, signed in the header, keys where they lie on it. */
export function createSignedSend(options: SignedSendOptions, platform: Platform): StoreSend {
  const { keys, volume, member, idleTimeoutMs } = options
  const endpoint = new URL(member.endpoint)
  const bucketPath = `${endpoint.pathname.replace(/\/$/, '')}/${encodeRfc3986(member.bucket)}`
  const sign = createHeaderSigner(
    { accessId: keys.accessKeyId.reveal(), accessSecret: keys.secretAccessKey },
    { region: member.dataCenterId, service: 's3' },
    platform.digests,
  )

  return async (request) => {
    const { method, key, copyFrom, body, signal } = request
    const source = copyFrom === undefined ? {} : { copyFrom: volumeKey(volume, copyFrom) }
    const headers = outgoingHeaders({ ...request, ...source }, member.bucket)
    const payloadHash = await hashOf(body, platform)
    const { 'content-length': _sent, ...bound } = signedHeaders(request, headers)
    const path = key === '' ? bucketPath : `${bucketPath}/${escapeKey(volumeKey(volume, key))}`
    const query = queryPairs(request, volume)
    const signed = await sign(
      {
        ...{ method, rawPath: path, query, host: endpoint.host, payloadHash },
        headers: new Headers({ ...bound, 'x-amz-content-sha256': payloadHash }),
      },
      platform.now(),
    )
    for (const [name, value] of Object.entries(headers)) signed.set(name, value)
    const search = query.length === 0 ? '' : `?${canonicalQuery(query)}`
    try {
      return await platform.send({
        ...{ method, url: `${endpoint.origin}${path}${search}`, headers: signed, idleTimeoutMs },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
        idempotent: isIdempotent(request, headers),
      })
    } catch (cause) {
      throw storeUnavailable(cause)
    }
  }
}

/** Parameters that hold keys. */
const keyed = new Set(['prefix', 'start-after', 'key-marker', 'marker'])

function queryPairs({ query = {} }: StoreRequest, volume: VolumeConfig) {
  return Object.entries(query).map(([name, value]) => ({
    name,
    value: keyed.has(name) ? volumeKey(volume, value) : value,
  }))
}

async function hashOf(body: StoreRequest['body'], { digests }: Platform): Promise<string> {
  if (body === undefined || body.length === 0) return emptyHash
  if (!(body instanceof Uint8Array) || body.length > hashedMaxBytes) return 'UNSIGNED-PAYLOAD'
  const bytes = new Uint8Array(body)
  const digest =
    digests?.sha256(bytes) ?? new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return encodeHex(digest)
}
