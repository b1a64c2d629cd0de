import type { Deps } from '../../flows/deps.ts'
import { reasonOf } from '../../log.ts'
import { createRunpodRest } from '../../upstream/runpod-rest.ts'
import { costOf, gigabyte, priceOf } from './price.ts'
import type { VolumeSize } from './render-usage.ts'

/** Sizes of network volumes, where the configuration says whom to ask; a fault is logged. */
export async function lookUpVolumes(
  { config, platform, log }: Deps,
  storeIds: readonly string[],
): Promise<VolumeSize[]> {
  const { runpod, stores } = config
  if (runpod?.apiKey === undefined) return []
  const { apiKey } = runpod
  const rest = createRunpodRest(runpod, platform)
  const found: VolumeSize[] = []
  for (const store of storeIds) {
    const settings = stores.get(store)
    const price = settings && priceOf(settings)
    if (settings?.volume === undefined || price === undefined) continue
    for (const { bucket: volume } of settings.volume.members) {
      try {
        const { size: gigabytes } = await rest.volume(volume, apiKey)
        if (gigabytes === undefined) continue
        const costPerMonth = costOf({ ...price, copies: 1 }, gigabytes * gigabyte)
        found.push({ store, volume, gigabytes, costPerMonth })
      } catch (error) {
        log.write('warn', { event: 'lookup_failed', volume, reason: reasonOf(error) })
      }
    }
  }
  return found
}
