import type { EndpointConfig, StoreConfig, VolumeMember } from '../../config/config.ts'
import type { FoundEndpoint, FoundVolume } from '../../upstream/runpod-rest.ts'

/** What an endpoint has, with the datacenters of its volumes. */
export interface AttachedVolumes extends Pick<FoundEndpoint, 'dataCenterIds'> {
  /** A volume whose datacenter is unknown is gone. */
  readonly volumes: readonly (
    | FoundVolume
    | { readonly id: string; readonly dataCenterId?: never }
  )[]
}

/**
 * What is wrong between the volumes that a store writes to and those that an endpoint's workers mount,
 * each with what to do; empty where they agree.
 */
export function compareVolumes(
  { volumes, dataCenterIds }: AttachedVolumes,
  store: Pick<StoreConfig, 'id' | 'volume'>,
  { severalVolumes }: Pick<EndpointConfig, 'severalVolumes'>,
): string[] {
  const members = store.volume?.members ?? []
  const wanted = members.map(named).join(', ')
  const [only] = volumes
  if (only === undefined) {
    return [`has no network volume: attach ${wanted}, to which the store "${store.id}" writes`]
  }
  const attached = volumes.map(nameOf).join(', ')
  const faults: string[] = []
  for (const member of members) {
    const found = volumes.find(({ id }) => id === member.bucket)
    if (found === undefined) {
      faults.push(
        `has the network volume ${attached}, the store "${store.id}" writes to ${named(member)}: attach that, or name the other in the store`,
      )
      continue
    }
    const place = found.dataCenterId
    if (place === undefined) {
      faults.push(`has the network volume ${found.id}, which does not exist any more`)
    } else if (!isSame(place, member.dataCenterId)) {
      faults.push(
        `has the network volume ${found.id} in ${place}, the store "${store.id}" says ${member.dataCenterId}`,
      )
    } else if (dataCenterIds.length > 0 && !dataCenterIds.some((one) => isSame(one, place))) {
      faults.push(
        `runs in ${dataCenterIds.join(', ')}, its network volume ${named(member)} is in none of these`,
      )
    }
  }
  if (volumes.length > 1) faults.push(...ofSeveral())
  return faults

  function ofSeveral(): string[] {
    if (severalVolumes === 'refuse') {
      return [
        `has several network volumes (${attached}), of which each worker mounts one: detach all but one, or set severalVolumes to "all" and name them all in the store "${store.id}"`,
      ]
    }
    return volumes
      .filter(({ id }) => !members.some(({ bucket }) => bucket === id))
      .map(
        (volume) =>
          `has the network volume ${nameOf(volume)} as well, to which the store "${store.id}" does not write: add it to /stores/${store.id}/replicas`,
      )
  }
}

function named({ bucket, dataCenterId }: VolumeMember): string {
  return `${bucket} (${dataCenterId})`
}

function nameOf({ id, dataCenterId = 'gone' }: AttachedVolumes['volumes'][number]): string {
  return `${id} (${dataCenterId})`
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
