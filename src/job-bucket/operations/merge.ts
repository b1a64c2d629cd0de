import { compareKeys } from '../../store/compare-keys.ts'

/** Merges sources that are in key order into one; of equal keys the earlier source goes first. */
export async function* mergeByKey<T extends { readonly key: string }>(
  sources: readonly AsyncGenerator<T>[],
): AsyncGenerator<T> {
  const heads = await Promise.all(
    sources.map(async (source) => ({ source, next: await source.next() })),
  )
  for (;;) {
    let least: { entry: T; at: number } | undefined
    for (const [at, { next }] of heads.entries()) {
      if (next.done) continue
      if (least === undefined || compareKeys(next.value.key, least.entry.key) < 0) {
        least = { entry: next.value, at }
      }
    }
    const head = least && heads[least.at]
    if (least === undefined || head === undefined) return
    yield least.entry
    head.next = await head.source.next()
  }
}
