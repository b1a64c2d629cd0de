import type { S3Config } from '../access/minter.ts'
import type { NativeAccess, PayloadForm } from '../config/config.ts'
import type { Grant, GrantSecret } from '../grants/grant.ts'
import { realKey } from '../grants/mount-path.ts'
import { deriveScopedKey } from '../grants/scoped-key.ts'
import type { Edit } from '../json/render.ts'
import type { LiftRule } from '../json/rules.ts'
import type { LiftedPayload } from '../json/splicer.ts'
import { Secret } from '../log.ts'
import { makeFileLink } from '../outputs/file-link.ts'
import {
  type InputForm,
  type Reference,
  renderInputReference,
} from '../outputs/output-reference.ts'
import { stagedPath } from './content/address-content.ts'
import type { Deps } from './deps.ts'
import type { LiftedRequest } from './lift-payloads.ts'
import { pathOnVolume } from './volume/path-on-volume.ts'

/** The job whose files are named. */
export interface StandInsJob {
  readonly grant: Grant
  /** Absent: the job bucket. */
  readonly native?: NativeAccess | undefined
  /** What the job is given; absent where only a plan is made. */
  readonly s3Config?: Pick<S3Config, 'accessId' | 'bucketName'> | undefined
}

/** What an input was before it was staged. */
export type Original = Pick<Reference<InputForm>, 'as' | 'type' | 'bytes'>

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
  async of(path: string, form: PayloadForm, original: Original): Promise<string> {
    if (form === 'url') return JSON.stringify(await this.#link(path))
    const { grant, native, s3Config } = this.#job
    if (form === 'path') return JSON.stringify(this.pathOf(path))
    const key = native === undefined ? path : (realKey(grant, path, 'read') ?? path)
    if (form === 'key') return JSON.stringify(key)
    if (form === 's3-uri') return JSON.stringify(`s3://${s3Config?.bucketName}/${key}`)
    const accessId = s3Config?.accessId ?? (await this.#plannedId())
    return JSON.stringify(renderInputReference({ accessId, key, ...original }))
  }

  /**
   * Where the worker finds the file at a virtual path on its network volume.
   * @throws {GatewayError} misconfigured where the job's store is none
   */
  pathOf(path: string): string {
    const { grant } = this.#job
    return pathOnVolume(this.#deps.config, grant, path)
  }

  async #plannedId(): Promise<string> {
    const { kid, grantId } = this.#job.grant
    return (await deriveScopedKey(this.#deps.keyring, kid, grantId))?.accessId ?? ''
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
    const path = stagedPath(object)
    const { contentType, bytes } = object
    const type = payload.mediaType ?? contentType
    const original = { as: inputFormOf(payload), type, bytes }
    texts[payload.index] = await standIns.of(path, formOf(payload.rule), original)
  }
  const edits: Edit[] = []
  for (const { start, end, rule, file } of refs) {
    const { contentType: type, size: bytes } = file
    // A file has no spelling of its own: it is what a client without files would have sent.
    const original = { as: rule?.encoding ?? 'base64', type, bytes }
    edits.push({ start, end, text: await standIns.of(file.path, formOf(rule), original) })
  }
  return { texts, edits }
}

function inputFormOf({ encoding, dataUri, urlSafe }: LiftedPayload): InputForm {
  if (encoding === 'text') return 'text'
  if (dataUri) return 'data-uri'
  return urlSafe ? 'base64url' : 'base64'
}
