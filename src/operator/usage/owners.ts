import type { Deps } from '../../flows/deps.ts'
import type { Grant } from '../../grants/grant.ts'
import { readGrantKey, readUploadRecordKey } from '../../store/keys.ts'
import { daysUnder } from '../../store/past-days.ts'
import type { ObjectStore } from '../../store/store.ts'
import { ownerHash } from '../../uploads/by-sha256.ts'

/** Whose a file is. */
export interface FileOwner {
  readonly endpoint: string
  /** 32 hex characters that do not tell the name; empty where nobody is known. */
  readonly principal: string
}

/** Whose files are, as far as grants and records of uploads tell. */
export interface Owners {
  /** Of the folder `{day}/{id}/`. */
  ofFolder(id: string): FileOwner | undefined
  /** Of a kept upload's own key. */
  ofKept(key: string): FileOwner | undefined
}

/** Grants and records that are read at once. */
const width = 8

/** Reads all grants and all records of uploads; what nobody can open any more has no owner. */
export async function readOwners({ stateStore, grants, uploads }: Deps): Promise<Owners> {
  const folders = new Map<string, FileOwner>()
  const kept = new Map<string, FileOwner>()

  async function ofGrant(grantId: string): Promise<void> {
    const grant = await grants.read(grantId).catch(() => undefined)
    if (grant === undefined) return
    const owner = { endpoint: grant.endpointId, principal: await ownerHash(grant.owner) }
    for (const id of foldersOf(grant)) folders.set(id, owner)
  }
  async function ofUpload(uploadId: string): Promise<void> {
    const upload = await uploads.read(uploadId).catch(() => undefined)
    if (upload === undefined) return
    const owner = { endpoint: upload.endpointId, principal: await ownerHash(upload.owner) }
    folders.set(uploadId, owner)
    if (upload.keptKey !== undefined) kept.set(upload.keptKey, owner)
  }

  await eachKey(stateStore, 'grants/', (key) => readGrantKey(key)?.grantId, ofGrant)
  await eachKey(stateStore, 'uploads/', (key) => readUploadRecordKey(key)?.uploadId, ofUpload)
  return { ofFolder: (id) => folders.get(id), ofKept: (key) => kept.get(key) }
}

/** The grant's own folder, and the one that its inputs were staged in. */
function foldersOf({ grantId, mounts }: Grant): string[] {
  const staged = mounts.flatMap(({ key }) => /^[\d-]{10}\/([a-z2-7]{26})\//.exec(key)?.[1] ?? [])
  return [grantId, ...staged]
}

async function eachKey(
  state: ObjectStore,
  root: string,
  idOf: (key: string) => string | undefined,
  work: (id: string) => Promise<void>,
): Promise<void> {
  for (const day of await daysUnder(state, root)) {
    let next: string | undefined
    do {
      const page = await state.list(`${root}${day}/`, next === undefined ? {} : { next })
      const ids = page.objects.flatMap(({ key }) => idOf(key) ?? [])
      for (let at = 0; at < ids.length; at += width) {
        await Promise.all(ids.slice(at, at + width).map(work))
      }
      next = page.next
    } while (next !== undefined)
  }
}
