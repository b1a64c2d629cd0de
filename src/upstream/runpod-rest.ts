import { readCapped } from '../bytes/read-capped.ts'
import type { RunpodConfig } from '../config/read-runpod.ts'
import type { Secret } from '../log.ts'
import type { IncomingResponse, Platform } from '../platform.ts'

const answerMaxBytes = 1024 * 1024

/** A network volume as RunPod tells it. */
export interface FoundVolume {
  readonly id: string
  readonly dataCenterId: string
  /** Gigabytes (10^9 bytes); undefined where it is not told. */
  readonly size: number | undefined
}

/** What RunPod says of an endpoint's volumes. */
export interface FoundEndpoint {
  /** Ids of the volumes that are attached, of which each worker mounts one. */
  readonly volumeIds: readonly string[]
  /** Where its workers may run; empty where it is not told. */
  readonly dataCenterIds: readonly string[]
}

/** Why there is no answer. */
export type LookupFault = 'key_refused' | 'key_restricted' | 'not_found' | 'unreachable'

/** A look-up that told nothing. */
export class LookupError extends Error {
  readonly fault: LookupFault
  override name = 'LookupError' as const

  constructor(fault: LookupFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.fault = fault
  }
}

/** RunPod's management API, as far as it knows of network volumes. */
export interface RunpodRest {
  /** @throws {LookupError} */
  endpoint(endpointId: string, key: Secret): Promise<FoundEndpoint>
  /** @throws {LookupError} */
  volume(volumeId: string, key: Secret): Promise<FoundVolume>
}

/** Makes the client of the management API; its host comes from the configuration alone. */
export function createRunpodRest(
  { restUrl, timeoutMs }: Pick<RunpodConfig, 'restUrl' | 'timeoutMs'>,
  platform: Pick<Platform, 'send'>,
): RunpodRest {
  async function ask(path: string, key: Secret): Promise<Readonly<Record<string, unknown>>> {
    let response: IncomingResponse
    let bytes: Uint8Array
    try {
      response = await platform.send({
        method: 'GET',
        url: `${restUrl}/${path}`,
        headers: new Headers({
          accept: 'application/json',
          authorization: `Bearer ${key.reveal()}`,
        }),
        idleTimeoutMs: timeoutMs,
        idempotent: true,
        signal: AbortSignal.timeout(timeoutMs),
      })
      const over = () => new Error(`More than ${answerMaxBytes} bytes`)
      bytes = await readCapped(response.body, answerMaxBytes, over)
    } catch (cause) {
      throw new LookupError('unreachable', `${restUrl} does not answer`, cause)
    }
    const fault = faultOf(response.status)
    if (fault !== undefined) throw new LookupError(fault, `${restUrl} answers ${response.status}`)
    const found = response.status === 200 ? parseObject(bytes) : undefined
    if (found !== undefined) return found
    throw new LookupError('unreachable', `${restUrl} answers ${response.status} and no object`)
  }

  return {
    async endpoint(endpointId, key) {
      const found = await ask(`endpoints/${encodeURIComponent(endpointId)}`, key)
      const { networkVolumeId, networkVolumeIds, dataCenterIds } = found
      const volumeIds = [...texts([networkVolumeId]), ...texts(networkVolumeIds)]
      return { volumeIds: [...new Set(volumeIds)], dataCenterIds: texts(dataCenterIds) }
    },
    async volume(volumeId, key) {
      const { dataCenterId, size } = await ask(
        `networkvolumes/${encodeURIComponent(volumeId)}`,
        key,
      )
      if (typeof dataCenterId !== 'string' || dataCenterId === '') {
        throw new LookupError('unreachable', `${restUrl} tells no datacenter of ${volumeId}`)
      }
      return { id: volumeId, dataCenterId, size: typeof size === 'number' ? size : undefined }
    },
  }
}

function faultOf(status: number): LookupFault | undefined {
  if (status === 401) return 'key_refused'
  if (status === 403) return 'key_restricted'
  // What an unknown id is answered with is not documented: either of these.
  return status === 404 || status === 400 ? 'not_found' : undefined
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function texts(value: unknown): string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : []
  return all.filter((one): one is string => typeof one === 'string' && one !== '')
}
