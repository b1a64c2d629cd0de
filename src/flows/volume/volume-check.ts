import { Recent } from '../../cache/recent.ts'
import type { Config } from '../../config/config.ts'
import type { ConfigFault } from '../../config/config-error.ts'
import type { RunpodConfig } from '../../config/read-runpod.ts'
import { GatewayError } from '../../errors.ts'
import { type Log, reasonOf, type Secret } from '../../log.ts'
import type { Platform } from '../../platform.ts'
import {
  createRunpodRest,
  type FoundVolume,
  LookupError,
  type RunpodRest,
} from '../../upstream/runpod-rest.ts'
import { compareVolumes } from './compare-volumes.ts'

/** Endpoints of which is remembered how they stand. */
const remembered = 1_000
/** Milliseconds for which what is wrong is not looked at again: it may have been put right. */
const faultyMs = 10_000
/** Endpoints that are looked up at once at start: Workers have six connections. */
const atOnce = 4

/** Whether the workers of endpoints mount the volumes that are written to, as RunPod says. */
export interface VolumeCheck {
  /**
   * Looks up every endpoint that has settings of its own; what is wrong, for an operator. What
   * cannot be told now is a line in the log.
   */
  faults(): Promise<ConfigFault[]>
  /**
   * Lets nothing be staged for an endpoint whose workers would not find it. An answer is believed
   * for `cacheSeconds`; then it is asked for anew beside the request. What RunPod does not answer
   * holds nobody up.
   *
   * @throws {GatewayError} misconfigured
   */
  require(endpointId: string): Promise<void>
}

/** How an endpoint stands: at fault in these ways, not at all, or unknown. */
interface Verdict {
  readonly at: number
  readonly faults: readonly string[]
  readonly isKnown: boolean
}

/** Makes the check of this process or isolate. */
export function openVolumeCheck(
  config: Pick<Config, 'endpoint' | 'endpointIds' | 'stores'>,
  runpod: RunpodConfig,
  platform: Pick<Platform, 'now' | 'send' | 'waitUntil'>,
  log: Log,
): VolumeCheck {
  const rest = createRunpodRest(runpod, platform)
  // Values, never pending promises: on Workers one request must not await another's.
  const verdicts = new Recent<Verdict>(remembered)

  /** The key and the store of an endpoint that is to be looked up. */
  function asked(endpointId: string) {
    const endpoint = config.endpoint(endpointId)
    if (endpoint?.volumes !== 'lookup' || endpoint.access !== 'volume') return undefined
    const store = config.stores.get(endpoint.storeId)
    const key = runpod.apiKey ?? endpoint.upstreamKey
    return store?.volume === undefined || key === undefined ? undefined : { endpoint, store, key }
  }

  async function look(endpointId: string): Promise<Verdict> {
    const it = asked(endpointId)
    const before = verdicts.get(endpointId)
    const verdict = it === undefined ? good : await compare(endpointId, it).catch(unknown)
    verdicts.set(endpointId, verdict)
    return verdict

    function unknown(error: unknown): Verdict {
      const reason = reasonOf(error)
      const isAnswer = error instanceof LookupError && error.fault !== 'unreachable'
      log.write(isAnswer ? 'error' : 'warn', {
        event: 'volumes_unknown',
        endpoint: endpointId,
        reason,
      })
      // Once it stood well, a key that was withdrawn since is no reason to refuse jobs.
      const wasGood = before?.faults.length === 0 && before.isKnown
      const faults = isAnswer && !wasGood ? [adviceFor(error)] : []
      return { at: platform.now(), faults, isKnown: wasGood || isAnswer }
    }
  }

  const good: Verdict = { at: 0, faults: [], isKnown: true }

  async function compare(
    endpointId: string,
    { endpoint, store, key }: NonNullable<ReturnType<typeof asked>>,
  ): Promise<Verdict> {
    const at = platform.now()
    const { volumeIds, dataCenterIds } = await rest.endpoint(endpointId, key)
    const volumes = await Promise.all(volumeIds.map((id) => volumeOr(rest, id, key)))
    const faults = compareVolumes({ volumes, dataCenterIds }, store, endpoint)
    for (const reason of faults) {
      log.write('error', { event: 'volumes_mismatch', endpoint: endpointId, reason })
    }
    return { at, faults, isKnown: true }
  }

  return {
    async faults() {
      const ids = config.endpointIds.filter((id) => id !== '*' && asked(id) !== undefined)
      const found: ConfigFault[] = []
      async function oneByOne(): Promise<void> {
        for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
          const { faults } = await look(id)
          found.push(...faults.map((message) => ({ pointer: `/endpoints/${id}`, message })))
        }
      }
      await Promise.all(Array.from({ length: atOnce }, oneByOne))
      return found.sort((one, other) => (one.pointer < other.pointer ? -1 : 1))
    },

    async require(endpointId) {
      if (asked(endpointId) === undefined) return
      const known = verdicts.get(endpointId)
      const age = platform.now() - (known?.at ?? 0)
      if (known === undefined || (known.faults.length > 0 && age >= faultyMs)) {
        refuse((await look(endpointId)).faults)
        return
      }
      refuse(known.faults)
      const keepMs = known.isKnown ? runpod.cacheSeconds * 1000 : faultyMs
      if (age < keepMs) return
      // One look-up at a time, by whoever comes first.
      verdicts.set(endpointId, { ...known, at: platform.now() })
      platform.waitUntil(look(endpointId))
    },
  }
}

/** A volume, or its id alone where it is gone. */
async function volumeOr(
  rest: RunpodRest,
  id: string,
  key: Secret,
): Promise<FoundVolume | { readonly id: string }> {
  try {
    return await rest.volume(id, key)
  } catch (error) {
    if (error instanceof LookupError && error.fault === 'not_found') return { id }
    throw error
  }
}

function adviceFor({ fault, message }: LookupError): string {
  switch (fault) {
    case 'key_refused':
      return `cannot be looked up (${message}): RunPod does not know the key. Check /runpod/apiKey`
    case 'key_restricted':
      return `cannot be looked up (${message}): the key is restricted. Let it read endpoints and network volumes, or set "volumes" to "configured"`
    case 'not_found':
      return `cannot be looked up (${message}): there is no such endpoint in the account of the key. Check its id`
    case 'unreachable':
      return message
  }
}

function refuse(faults: readonly string[]): void {
  const [first] = faults
  if (first === undefined) return
  throw new GatewayError('misconfigured', `Cannot stage anything: the endpoint ${first}`)
}
