import type { Grant } from '../grants/grant.ts'
import { lifetimesOf } from '../grants/ttl.ts'
import { renderResidue } from '../json/render.ts'
import { type Admission, proveCaller } from './admit.ts'
import { placeContent } from './content/place-content.ts'
import type { Call, Deps } from './deps.ts'
import { chooseAccess, withdrawAccess } from './give-access.ts'
import { discardStaged, type LiftedRequest } from './lift-payloads.ts'
import { newGrant } from './new-grant.ts'
import { StandIns, standInsFor } from './stand-ins.ts'

/** Milliseconds that the files of one request are there for, at least: as long as it may wait for its answer. */
const answerMs = 3_600_000

/**
 * Seals the grant of a request that is no job and puts links in place of its files: they go to whoever
 * fetches them, so the request needs no keys, and end by themselves. `finish` may change what has been
 * rendered with these links, JSON strings with their quotes. On a fault nothing stays staged.
 *
 * @throws {GatewayError} as `proveCaller` and `chooseAccess`; store_unavailable
 */
export async function sealLinks(
  deps: Deps,
  call: Call,
  admission: Admission,
  lifted: LiftedRequest,
  finish: (
    rendered: Uint8Array<ArrayBuffer>,
    links: ReadonlySet<string>,
  ) => Uint8Array<ArrayBuffer> = (rendered) => rendered,
): Promise<{ grant: Grant; request: Uint8Array }> {
  const { config, platform } = deps
  const { endpoint } = admission
  try {
    await proveCaller(deps, call, admission)
    const times = lifetimesOf({ ...config.access, now: platform.now(), ttl: answerMs })
    const placed = await placeContent(deps, call, admission, lifted, times.day)
    const access = await chooseAccess(deps, { ...endpoint, access: 'none' }, placed, times)
    try {
      const mounts = access.mounts.filter(({ mode }) => mode === 'read')
      const unsealed = await newGrant(deps, call, admission, { ...access, mounts }, times)
      const standIns = new StandIns(deps, { grant: unsealed })
      const { texts, edits } = await standInsFor(lifted, standIns, () => 'url')
      const grant = { ...unsealed, secrets: standIns.secrets }
      const rendered = renderResidue(lifted.residue, texts, edits)
      const links = new Set([...texts, ...edits.map(({ text }) => text)])
      const request = finish(rendered, links)
      await deps.grants.seal(grant)
      return { grant, request }
    } catch (error) {
      await withdrawAccess(deps, endpoint.storeId, access, undefined)
      throw error
    }
  } catch (error) {
    await discardStaged(deps, endpoint, lifted)
    throw error
  }
}
