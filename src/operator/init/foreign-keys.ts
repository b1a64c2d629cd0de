import { dayNumber } from '../../store/keys.ts'
import type { ObjectStore } from '../../store/store.ts'
import type { ExpiryRule } from './expiry-rules.ts'

/**
 * A key or folder that a rule would reach and that is not named as the gateway names things; undefined
 * where none is seen. One LIST for each rule, and one for each day that is there.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function findForeign(
  store: ObjectStore,
  rules: readonly ExpiryRule[],
): Promise<string | undefined> {
  for (const { prefix } of rules) {
    const root = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    let next: string | undefined
    do {
      const at = next === undefined ? {} : { next }
      const page = await store.list(prefix, { delimiter: '/', ...at })
      const [object] = page.objects
      if (object !== undefined) return object.key
      for (const folder of page.prefixes) {
        if (dayNumber(folder.slice(root.length, -1)) === undefined) return folder
        const foreign = root === '' ? await inDay(store, folder) : undefined
        if (foreign !== undefined) return foreign
      }
      next = page.next
    } while (next !== undefined)
  }
  return undefined
}

async function inDay(store: ObjectStore, day: string): Promise<string | undefined> {
  const page = await store.list(day, { delimiter: '/' })
  const [object] = page.objects
  return object?.key ?? page.prefixes.find((folder) => !/\/[a-z2-7]{26}\/$/.test(folder))
}
