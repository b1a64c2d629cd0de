import type { Mount } from '../../grants/grant.ts'
import { contentKey, contentName } from '../../store/content-keys.ts'
import { inputPrefix } from '../../store/keys.ts'
import type { StagedObject } from '../../store/staged-writer.ts'
import { ownerHash } from '../../uploads/by-sha256.ts'
import type { Admission } from '../admit.ts'
import type { Call } from '../deps.ts'
import type { LiftedRequest } from '../lift-payloads.ts'
import { uploadsOf } from '../resolve-refs.ts'

/** Where the files of a request would lie that is only planned, longest paths first. */
export async function plannedMounts(
  { endpointId }: Call,
  { principal }: Admission,
  { staged, files, refs, stageDay: day, stageId: grantId }: LiftedRequest,
): Promise<Mount[]> {
  const [owner] = await principal.ids()
  const hash = await ownerHash(owner)
  const known = ({ sha256, key }: StagedObject): Mount[] => {
    if (sha256 === undefined) return []
    const name = contentName(sha256, key)
    const content = contentKey({ ownerHash: hash, endpointId, name })
    return [{ path: `in/${name}`, key: content, mode: 'read' }]
  }
  return [
    ...uploadsOf(refs).map(({ path, key }) => ({ path, key, mode: 'read' as const })),
    ...[...staged.map(({ object }) => object), ...files].flatMap(known),
    { path: 'in/', key: inputPrefix({ day, grantId }), mode: 'read' },
  ]
}
