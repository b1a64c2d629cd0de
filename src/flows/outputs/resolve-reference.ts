import type { Grant } from '../../grants/grant.ts'
import { realKey, virtualPath } from '../../grants/mount-path.ts'
import { deriveScopedKey } from '../../grants/scoped-key.ts'
import { makeFileLink } from '../../outputs/file-link.ts'
import {
  type OutputForm,
  outputMarker,
  parseOutputReference,
  type Reference,
  renderDetails,
} from '../../outputs/output-reference.ts'
import type { Deps } from '../deps.ts'

/** The form in which an output stands in JSON. */
export type OutputDetails = Pick<Reference<OutputForm>, 'as' | 'type' | 'bytes'>

/** A file of a job that stands for a value of its output. */
export interface ReferredOutput extends OutputDetails {
  readonly grant: Grant
  /** Virtual path in the job bucket, which its grant may read. */
  readonly path: string
}

/** The query of a link to a file of JSON in which references become links as well. */
export const withLinks = 'references=links'

/** Under what the scrubber offers references: all of them. */
export const referenceBase: string = outputMarker.slice(0, -1)

/** The id of a job's own keys, as its worker knows it. */
export async function accessIdOf(deps: Deps, grant: Grant): Promise<string | undefined> {
  if (grant.access !== undefined) {
    return grant.secrets.find(({ kind }) => kind === 'access id')?.value.reveal()
  }
  return (await deriveScopedKey(deps.keyring, grant.kid, grant.grantId))?.accessId
}

/** Reads what workers leave in one answer. */
export interface References {
  /**
   * The file that a worker's reference means. Undefined, and a line in the log, for what is none, of
   * another job, or beyond what the job may read.
   */
  resolve(text: string): Promise<ReferredOutput | undefined>
  /** Notes, once an answer for each reason, that something gives no access. */
  refuse(reason: string, grant: Grant | undefined): void
}

/** Reads references of these jobs. */
export function createReferences(deps: Deps, grants: readonly Grant[]): References {
  const noted = new Set<string>()

  function refuse(reason: string, grant: Grant | undefined): void {
    if (noted.has(reason)) return
    noted.add(reason)
    const { endpointId: endpoint, jobId: job } = grant ?? {}
    deps.log.write('warn', { event: 'reference_refused', reason, endpoint, job })
  }

  async function resolve(text: string): Promise<ReferredOutput | undefined> {
    const reference = parseOutputReference(text)
    if (reference === undefined) {
      refuse('malformed', grants[0])
      return undefined
    }
    const { accessId, key, as, type, bytes } = reference
    for (const grant of grants) {
      if ((await accessIdOf(deps, grant)) !== accessId) continue
      const path = grant.access === undefined ? key : virtualPath(grant, key)
      if (path !== undefined && realKey(grant, path, 'read') !== undefined) {
        return { grant, path, as, type, bytes }
      }
      refuse('beyond the job', grant)
      return undefined
    }
    // What is masked was looked at before.
    if (!/^\*+$/.test(accessId)) refuse('another job', grants[0])
    return undefined
  }

  return { resolve, refuse }
}

/** The link to an output; where its endpoint wants values back, with what makes it one in a later answer. */
export async function linkOf(deps: Deps, output: ReferredOutput): Promise<string> {
  const { config, keyring } = deps
  const { grant, path, as } = output
  const { grantId, readExpiresAt: expiresAt } = grant
  const { publicUrl } = config
  const file = await makeFileLink({ keyring, publicUrl, grantId, path, expiresAt })
  const link = as === 'json' ? `${file}?${withLinks}` : file
  const isInline = config.endpoint(grant.endpointId)?.outputs === 'inline'
  return isInline ? `${link}#${renderDetails(output)}` : link
}
