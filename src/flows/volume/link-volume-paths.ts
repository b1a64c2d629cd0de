import type { VolumeConfig } from '../../config/config.ts'
import type { Grant } from '../../grants/grant.ts'
import { virtualPath } from '../../grants/mount-path.ts'
import { reasonOf } from '../../log.ts'
import { makeFileLink } from '../../outputs/file-link.ts'
import { type ValueString, ValueStrings } from '../../outputs/value-strings.ts'
import type { Body } from '../../platform.ts'
import { headObject } from '../../store/head-object.ts'
import { keyOfPath } from '../../store/volume/volume-path.ts'
import type { Deps } from '../deps.ts'

/** Where a worker's own words are in an answer. */
const members = ['output', 'stream']
/** A path has the bytes of a mount point and a key, and each may be written as an escape of six. */
const stringMaxBytes = 6 * (256 + 1024) + 2
/** Files that are looked for at once: Workers have six connections. */
const atOnce = 4

/**
 * An answer in which each string of the job's output that is the path, on its network volume, of a file
 * in the job's own outputs or its session is the link to it; all else byte for byte. A path with dot
 * segments, of another job, of a directory or of nothing stays text.
 */
export function linkVolumePaths(deps: Deps, grant: Grant, body: Body): Body {
  const { config, keyring, platform } = deps
  const volume = volumeOfJob(deps, grant)
  if (volume === undefined) return body
  const { mountPath } = volume
  const strings = new ValueStrings(platform.bytes, members, stringMaxBytes)
  const files = createFiles(deps, grant)
  let pieces: (Uint8Array | ValueString)[] = []
  let isOver = false

  function ownFile(text: string): OwnFile | undefined {
    return text.startsWith(`${mountPath}/`) ? ownFileAt(volume, grant, text) : undefined
  }

  async function linkOr({ text, raw }: ValueString): Promise<Uint8Array> {
    const file = ownFile(text)
    if (file === undefined || !files.has(file)) return raw
    const { grantId, readExpiresAt: expiresAt } = grant
    const { publicUrl } = config
    const { path } = file
    const link = await makeFileLink({ keyring, publicUrl, grantId, path, expiresAt })
    return new TextEncoder().encode(JSON.stringify(link))
  }

  async function read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const piece = pieces.shift()
      if (piece !== undefined) return piece instanceof Uint8Array ? piece : await linkOr(piece)
      if (isOver) return undefined
      const chunk = await body.read()
      isOver = chunk === undefined
      pieces = chunk === undefined ? strings.end() : strings.write(chunk)
      await files.lookFor(
        pieces.flatMap((found) => (found instanceof Uint8Array ? [] : (ownFile(found.text) ?? []))),
      )
    }
  }

  const linked = { length: undefined, read, cancel: body.cancel.bind(body) }
  return { ...linked, stream: () => platform.toStream(linked) }
}

/** The volume on which a job's worker finds its files; undefined where it has none. */
export function volumeOfJob(
  { config }: Pick<Deps, 'config'>,
  { endpointId, storeId }: Pick<Grant, 'endpointId' | 'storeId'>,
): VolumeConfig | undefined {
  if (config.endpoint(endpointId)?.access !== 'volume') return undefined
  return config.stores.get(storeId)?.volume
}

/** A file that a job may have written. */
interface OwnFile {
  /** Virtual path, as links have it. */
  readonly path: string
  readonly key: string
}

/** What a path on the volume means, where it lies in what the job may write. */
function ownFileAt(
  volume: VolumeConfig | undefined,
  grant: Pick<Grant, 'mounts'>,
  text: string,
): OwnFile | undefined {
  const key = volume && keyOfPath(volume, text)
  if (key === undefined) return undefined
  const writable = grant.mounts.filter(({ mode }) => mode === 'read-write')
  const path = virtualPath({ mounts: writable }, key)
  // Another mount may have that virtual path.
  return path === undefined || virtualPath(grant, key) !== path ? undefined : { path, key }
}

/** Which files are there: each is asked for once, and `listedOutputs` of them for one answer. */
function createFiles(deps: Deps, grant: Grant) {
  const store = deps.store(grant.storeId)
  const known = new Map<string, boolean>()
  const max = deps.config.limits.listedOutputs
  let isTold = false

  function warn(reason: string): void {
    if (isTold) return
    isTold = true
    const { endpointId: endpoint } = grant
    deps.log.write('warn', { event: 'outputs_not_listed', endpoint, reason })
  }

  /** None where the store cannot tell: a link is not worth an answer. */
  async function isThere(key: string): Promise<boolean> {
    if (store === undefined) return false
    try {
      return (await headObject(store, key)) !== undefined
    } catch (error) {
      warn(reasonOf(error))
      return false
    }
  }

  return {
    has: ({ key }: OwnFile) => known.get(key) === true,
    async lookFor(files: readonly OwnFile[]): Promise<void> {
      const open = [...new Set(files.map(({ key }) => key))].filter((key) => !known.has(key))
      const room = max - known.size
      if (open.length > room) warn('too many')
      const asked = open.slice(0, Math.max(0, room))
      async function oneByOne(): Promise<void> {
        for (let key = asked.shift(); key !== undefined; key = asked.shift()) {
          known.set(key, await isThere(key))
        }
      }
      await Promise.all(Array.from({ length: atOnce }, oneByOne))
    },
  }
}
