import { GatewayError } from '../errors.ts'
import type { Mount } from '../grants/grant.ts'
import { type CopySource, copyObject } from '../store/copy-object.ts'
import { inputPrefix, type JobFolder, jobPrefix } from '../store/keys.ts'
import type { ListPage, ObjectStore } from '../store/store.ts'

/** Objects that one job may have copied: its request waits for them. */
const maxObjects = 1000

/** Copies under way at once: Workers have six connections. */
const atOnce = 4

/** A mount and, where it is of one object whose size is known, that in bytes. */
export type SizedMount = Mount & { readonly size?: number }

/**
 * Copies what a job reads under its own prefix, for keys that can name one prefix only: gives the
 * mounts as they are then, and the real keys of the copies. What lies there already stays; nothing
 * is left behind when it fails. `wait` takes milliseconds.
 *
 * @throws {GatewayError} store_unavailable; invalid_request where there are too many objects, or one
 *   of them is gone
 */
export async function gatherInputs(
  store: ObjectStore,
  folder: JobFolder,
  mounts: readonly SizedMount[],
  wait: (ms: number) => Promise<void>,
): Promise<{ mounts: Mount[]; copied: string[] }> {
  const gathered: Mount[] = []
  const sources = new Map<string, CopySource>()
  for (const mount of mounts) {
    const { size, ...plain } = mount
    const { path, key, mode } = plain
    if (mode !== 'read' || key.startsWith(jobPrefix(folder))) {
      gathered.push(plain)
      continue
    }
    const target = inputPrefix(folder) + path.replace(/^in\//, '')
    const isPrefix = path === '' || path.endsWith('/')
    const one = { key, ...(size !== undefined && { size }) }
    const found = isPrefix ? await listAll(store, key, maxObjects - sources.size) : [one]
    for (const source of found) sources.set(target + source.key.slice(key.length), source)
    if (sources.size > maxObjects) throw tooMany()
    gathered.push({ path, key: target, mode })
  }
  const copied = [...sources.keys()]
  try {
    await copyAll(store, [...sources], wait)
  } catch (error) {
    // Also those of which nothing was heard: they may have been made.
    await Promise.allSettled(copied.map((key) => store.delete(key)))
    throw error
  }
  return { mounts: gathered, copied }
}

async function listAll(
  store: ObjectStore,
  prefix: string,
  maxCount: number,
): Promise<CopySource[]> {
  const found: CopySource[] = []
  let next: string | undefined
  do {
    const page: ListPage = await store.list(prefix, next === undefined ? {} : { next })
    // No path of a mount names the prefix itself.
    found.push(...page.objects.filter(({ key }) => key !== prefix))
    if (found.length > maxCount) throw tooMany()
    next = page.next
  } while (next !== undefined)
  return found
}

async function copyAll(
  store: ObjectStore,
  copies: (readonly [target: string, source: CopySource])[],
  wait: (ms: number) => Promise<void>,
): Promise<void> {
  let isStopped = false
  async function copyOneByOne(): Promise<void> {
    for (let copy = copies.shift(); copy !== undefined && !isStopped; copy = copies.shift()) {
      const [target, source] = copy
      if (await copyObject(store, source, target, wait)) continue
      throw new GatewayError('invalid_request', 'Cannot copy an input of the job that is gone')
    }
  }
  const runs = Array.from({ length: atOnce }, () =>
    copyOneByOne().catch((error: unknown) => {
      isStopped = true
      throw error
    }),
  )
  // All of them have to be over before anything is deleted.
  const failed = (await Promise.allSettled(runs)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

function tooMany(): GatewayError {
  const detail = `Cannot copy the inputs of the job together: ${maxObjects} objects allowed`
  return new GatewayError('invalid_request', detail, {
    limitName: 'gatheredObjects',
    limit: maxObjects,
  })
}
