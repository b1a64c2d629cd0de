import type { Grant } from '../../grants/grant.ts'
import { reasonOf } from '../../log.ts'
import type { Deps } from '../deps.ts'

/** What a job has written. */
export interface ListedOutputs {
  /** Whether it is there, by its virtual path. */
  has(path: string): boolean
  /** The virtual path of a key as the worker knows it; undefined where it has written none such. */
  pathOf(key: string): string | undefined
}

/**
 * Reads the keys of what a job has written, once and not before they are needed; the first
 * `listedOutputs` of them. None where the store cannot tell: a link is not worth an answer.
 */
export function createListedOutputs(deps: Deps): (grant: Grant) => Promise<ListedOutputs> {
  const known = new Map<string, ListedOutputs>()

  return async (grant) => {
    const before = known.get(grant.grantId)
    if (before !== undefined) return before
    const found = await list(deps, grant).catch((error: unknown) => {
      const { endpointId: endpoint } = grant
      deps.log.write('warn', { event: 'outputs_not_listed', endpoint, reason: reasonOf(error) })
      return listedAs([])
    })
    known.set(grant.grantId, found)
    return found
  }
}

async function list(deps: Deps, grant: Grant): Promise<ListedOutputs> {
  const { listedOutputs } = deps.config.limits
  const found: [key: string, path: string][] = []
  const store = deps.store(grant.storeId)
  // The job's own first: its session may hold what many jobs have left.
  const mounts = [...grant.mounts].sort((a, b) => a.path.length - b.path.length)
  for (const { mode, path, key } of mounts) {
    const isFolder = path === '' || path.endsWith('/')
    if (store === undefined || mode !== 'read-write' || !isFolder) continue
    let next: string | undefined
    do {
      if (found.length >= listedOutputs) {
        const { endpointId: endpoint } = grant
        deps.log.write('warn', { event: 'outputs_not_listed', endpoint, reason: 'too many' })
        return listedAs(found)
      }
      const page = await store.list(key, next === undefined ? {} : { next })
      for (const object of page.objects) {
        const virtual = path + object.key.slice(key.length)
        found.push([grant.access === undefined ? virtual : object.key, virtual])
      }
      next = page.next
    } while (next !== undefined)
  }
  return listedAs(found)
}

function listedAs(found: readonly [key: string, path: string][]): ListedOutputs {
  const paths = new Map(found)
  const known = new Set(paths.values())
  return { has: (path) => known.has(path), pathOf: (key) => paths.get(key) }
}
