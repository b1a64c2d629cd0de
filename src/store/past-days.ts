import { dayNumber } from './keys.ts'
import type { ObjectStore } from './store.ts'

/**
 * Days (`YYYY-MM-DD`) that have a folder under `parent`, which is empty or ends with a slash: one LIST,
 * whatever else is there.
 */
export async function daysUnder(store: ObjectStore, parent: string): Promise<string[]> {
  const days: string[] = []
  let next: string | undefined
  do {
    // All days begin with a 2 until the year 3000; other folders of the bucket need no visit.
    const at = next === undefined ? {} : { next }
    const page = await store.list(`${parent}2`, { delimiter: '/', ...at })
    for (const prefix of page.prefixes) {
      const day = prefix.slice(parent.length, -1)
      if (dayNumber(day) !== undefined) days.push(day)
    }
    next = page.next
  } while (next !== undefined)
  return days
}
