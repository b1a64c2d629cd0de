import type { NativeAccess, PayloadForm } from '../config/config.ts'
import type { Grant, GrantSecret } from '../grants/grant.ts'
import { realKey } from '../grants/mount-path.ts'
import type { Edit } from '../json/render.ts'
import type { LiftRule } from '../json/rules.ts'
import { Secret } from '../log.ts'
import { makeFileLink } from '../outputs/file-link.ts'
import type { Deps } from './deps.ts'
import type { LiftedRequest } from './lift-payloads.ts'

/** The job whose files are named. */
export interface StandInsJob {
  readonly grant: Grant
  /** Absent: the job bucket. */
  readonly native?: NativeAccess | undefined
  readonly bucketName?: string | undefined
}

/** Makes the strings that stand in a request for its files. */
export class StandIns {
  /** Links that were made: a job must not give them away. */
  readonly secrets: GrantSecret[] = []
  readonly #deps: Pick<Deps, 'config' | 'keyring'>
  readonly #job: StandInsJob
  readonly #links = new Map<string, string>()

  constructor(deps: Pick<Deps, 'config' | 'keyring'>, job: StandInsJob) {
    this.#deps = deps
    this.#job = job
  }

  /** What stands for the file at a virtual path, as JSON. */
  async of(path: string, form: PayloadForm): Promise<string> {
    if (form === 'url') return JSON.stringify(await this.#link(path))
    const { grant, native, bucketName } = this.#job
    const key = native === undefined ? path : (realKey(grant, path, 'read') ?? path)
    return JSON.stringify(form === 'key' ? key : `s3://${bucketName}/${key}`)
  }

  async #link(path: string): Promise<string> {
    const known = this.#links.get(path)
    if (known !== undefined) return known
    const { keyring, config } = this.#deps
    const { publicUrl } = config
    const { grantId, readExpiresAt: expiresAt } = this.#job.grant
    const link = await makeFileLink({ keyring, publicUrl, grantId, path, expiresAt })
    this.#links.set(path, link)
    const sealed = link.slice(`${publicUrl}/files/`.length).split('/')[0] ?? ''
    this.secrets.push({ kind: 'input link', value: new Secret(sealed) })
    return link
  }
}

/** What stands for all payloads, by index, and what replaces refs. */
export async function standInsFor(
  { staged, refs }: Pick<LiftedRequest, 'staged' | 'refs'>,
  standIns: StandIns,
  formOf: (rule: LiftRule | undefined) => PayloadForm,
): Promise<{ texts: string[]; edits: Edit[] }> {
  const texts: string[] = []
  for (const { payload, object } of staged) {
    const path = `in/${object.key.split('/').at(-1)}`
    texts[payload.index] = await standIns.of(path, formOf(payload.rule))
  }
  const edits: Edit[] = []
  for (const { start, end, rule, file } of refs) {
    edits.push({ start, end, text: await standIns.of(file.path, formOf(rule)) })
  }
  return { texts, edits }
}
