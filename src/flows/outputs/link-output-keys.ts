import type { Grant } from '../../grants/grant.ts'
import { makeFileLink } from '../../outputs/file-link.ts'
import { type ValueString, ValueStrings } from '../../outputs/value-strings.ts'
import type { Body } from '../../platform.ts'
import type { Deps } from '../deps.ts'
import { linkVolumePaths } from '../volume/link-volume-paths.ts'
import { createListedOutputs } from './listed-outputs.ts'

/** Where a worker's own words are in an answer. */
const members = ['output', 'stream']
/** A key has 1,024 bytes, and each may be written as an escape of six. */
const stringMaxBytes = 6 * 1024 + 2

/**
 * An answer in which each string of the job's output that is the key of an object which the job wrote
 * is the link to it, where the endpoint says so, or the path of one on its network volume; all else
 * byte for byte.
 */
export function linkOutputKeys(deps: Deps, grant: Grant, source: Body): Body {
  const { config, keyring, platform } = deps
  const body = linkVolumePaths(deps, grant, source)
  if (config.endpoint(grant.endpointId)?.linkOutputKeys !== true) return body
  const outputsOf = createListedOutputs(deps)
  const strings = new ValueStrings(platform.bytes, members, stringMaxBytes)
  let pieces: (Uint8Array | ValueString)[] = []
  let isOver = false

  async function linkOr({ text, raw }: ValueString): Promise<Uint8Array> {
    const path = (await outputsOf(grant)).pathOf(text)
    if (path === undefined) return raw
    const { grantId, readExpiresAt: expiresAt } = grant
    const { publicUrl } = config
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
    }
  }

  const linked = { length: undefined, read, cancel: body.cancel.bind(body) }
  return { ...linked, stream: () => platform.toStream(linked) }
}
