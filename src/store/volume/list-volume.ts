import { GatewayError } from '../../errors.ts'
import { compareKeys } from '../compare-keys.ts'
import type { ListPage, ObjectStore } from '../store.ts'
import { isPassing, StoreAnswer, storeUnavailable } from '../store-fault.ts'

type List = ObjectStore['list']

const tries = 5
const pageKeys = 250

/** After every key that begins with what stands before it. */
const lastOfAll = '\u{10ffff}'

/**
 * Makes the list of one volume out of one that asks once. A page that the volume does not manage is
 * asked for again, smaller each time; a token that comes twice is replaced by the last key, and so
 * are all that follow.
 */
export function createVolumeList(once: List, wait: (ms: number) => Promise<void>): List {
  async function readPage(...[prefix, options]: Parameters<List>): Promise<ListPage> {
    let maxKeys = options?.maxKeys ?? pageKeys
    for (let tried = 1; ; tried++) {
      try {
        return await once(prefix, { ...options, maxKeys })
      } catch (error) {
        if (tried === tries || !isPassing(error)) throw error
        maxKeys = Math.max(1, Math.floor(maxKeys / 4))
        await wait(100 * 2 ** tried * (0.5 + Math.random()))
      }
    }
  }

  return async (prefix, { delimiter, after, next, maxKeys } = {}) => {
    const from = next === undefined ? undefined : readMark(next)
    const start = from?.after ?? after
    const page = await readPage(prefix, {
      ...(delimiter !== undefined && { delimiter }),
      ...(from?.token !== undefined
        ? { next: from.token }
        : start !== undefined && { after: start }),
      ...(maxKeys !== undefined && { maxKeys }),
    })
    const isNew = (key: string) =>
      key.startsWith(prefix) &&
      (from?.token !== undefined || start === undefined || compareKeys(key, start) > 0)
    const objects = page.objects.filter(({ key }) => isNew(key))
    const prefixes = page.prefixes.filter(isNew)
    if (page.next === undefined) return { objects, prefixes }
    if (from?.after === undefined && page.next !== from?.token) {
      return { objects, prefixes, next: `token ${page.next}` }
    }
    const last = lastOf({ objects, prefixes })
    if (last === undefined) {
      throw storeUnavailable(
        new StoreAnswer('GET list-type', 424, 'Stuck', 'a list that stands still'),
      )
    }
    return { objects, prefixes, next: `after ${last}` }
  }
}

/** Makes the list of several volumes: what is on any of them, each key once. */
export function createMergedList(lists: readonly List[]): List {
  return async (prefix, { delimiter, after, next, maxKeys } = {}) => {
    const start = next ?? after
    const wish = {
      ...(delimiter !== undefined && { delimiter }),
      ...(maxKeys !== undefined && { maxKeys }),
    }
    const pages = await Promise.all(
      lists.map(async (list) => {
        let page = await list(prefix, { ...wish, ...(start !== undefined && { after: start }) })
        // A page of what was known already says not how far it reaches.
        while (page.next !== undefined && lastOf(page) === undefined) {
          page = await list(prefix, { ...wish, next: page.next })
        }
        return page
      }),
    )
    // What a cut page does not reach is known of none.
    const ends = pages.flatMap((page) => (page.next === undefined ? [] : (lastOf(page) ?? [])))
    const end = ends.sort(compareKeys)[0]
    const isKnown = (key: string) => end === undefined || compareKeys(key, end) <= 0
    const objects = new Map(
      pages.flatMap((page) => page.objects.map((object) => [object.key, object] as const)),
    )
    const prefixes = new Set(pages.flatMap((page) => page.prefixes))
    return {
      objects: [...objects.values()]
        .filter(({ key }) => isKnown(key))
        .sort((a, b) => compareKeys(a.key, b.key)),
      prefixes: [...prefixes].filter(isKnown).sort(compareKeys),
      ...(end !== undefined && { next: end }),
    }
  }
}

/** The key after which a page goes on; of a common prefix, what follows all below it. */
function lastOf({ objects, prefixes }: Pick<ListPage, 'objects' | 'prefixes'>): string | undefined {
  const key = objects.at(-1)?.key
  const prefix = prefixes.at(-1)
  const below = prefix === undefined ? undefined : `${prefix}${lastOfAll}`
  if (key === undefined || below === undefined) return key ?? below
  return compareKeys(key, below) > 0 ? key : below
}

function readMark(text: string): { readonly token?: string; readonly after?: string } {
  const at = text.indexOf(' ')
  const rest = text.slice(at + 1)
  if (at < 0)
    throw new GatewayError('invalid_request', 'Cannot go on with a list from another store')
  return text.slice(0, at) === 'token' ? { token: rest } : { after: rest }
}
