import { jobBucketName } from '../../access/job-bucket-minter.ts'
import type { StoreConfig } from '../../config/config.ts'
import { virtualHostOf } from '../../config/virtual-host.ts'
import type { Grant } from '../../grants/grant.ts'
import { realKey, virtualPath } from '../../grants/mount-path.ts'
import { makeFileLink, readFileLink } from '../../outputs/file-link.ts'
import { readWorkerLink } from '../../outputs/worker-link.ts'
import type { CleanOptions } from '../../scrub/clean.ts'
import { readWebhookToken } from '../../webhooks/sealed-url.ts'
import type { Deps } from '../deps.ts'
import { createListedOutputs } from './listed-outputs.ts'
import { accessIdOf, createReferences, linkOf, referenceBase } from './resolve-reference.ts'

interface Output {
  readonly grant: Grant
  readonly path: string
}

/** Jobs of one answer whose outputs are listed to tell whose a plain link is. */
const maxAsked = 20

/**
 * How URLs of these jobs are replaced: a worker's links by links of the gateway's own, whether they
 * lead to the job bucket or, with keys of the store itself, to the store, and its references to
 * outputs; the sealed webhook's by the client's own. `clean` removes the secrets from a text that a
 * worker has chosen, such as a file's name.
 */
export function workerLinks(
  deps: Deps,
  grants: readonly Grant[],
  clean: (text: string) => Promise<string>,
): CleanOptions['links'] & {} {
  const { config, keyring, platform } = deps
  const outputsOf = createListedOutputs(deps)
  const { publicUrl, jobBucketUrl } = config
  const webhooksUrl = `${publicUrl}/webhooks`
  const references = createReferences(deps, grants)

  const below = virtualHostOf(config) === undefined ? [] : [jobBucketUrl]
  const filesUrl = `${publicUrl}/files`

  async function linkIn(grant: Grant, url: string, isString: boolean) {
    const accessId = await accessIdOf(deps, grant)
    if (accessId === undefined) return undefined
    const its = { accessId, isString }
    if (grant.access === undefined) {
      const uris = [jobBucketName]
      const link = readWorkerLink(url, { ...its, bases: [jobBucketUrl], below, uris })
      return link && { link, isNamed: url.includes(accessId) }
    }
    const store = config.stores.get(grant.storeId)
    const uris = store === undefined ? [] : [store.bucket]
    const link = readWorkerLink(url, { ...its, buckets: bucketUrls(store), uris })
    // A key of the store itself is one job's alone.
    return link && { link, isNamed: true }
  }

  async function fileLink(url: string, isString: boolean): Promise<string | undefined> {
    let refused: string | undefined
    let found: Output[] = []
    let isSure = grants.length === 1
    for (const grant of grants) {
      const { link, isNamed = false } = (await linkIn(grant, url, isString)) ?? {}
      if (link === undefined) continue
      if ('refused' in link) {
        refused = link.refused
        continue
      }
      const path = grant.access === undefined ? link.key : virtualPath(grant, link.key)
      if (path === undefined || realKey(grant, path, 'read') === undefined) {
        refused = 'beyond the job'
        continue
      }
      isSure ||= isNamed
      found = isNamed ? [{ grant, path }] : [...found, { grant, path }]
      if (isNamed) break
    }
    // What only may be a link, as a sentence may begin with one, is one where its file is there.
    const output = isSure && !isString ? found[0] : await onlyOneThere(found)
    if (output !== undefined) return await shown(await linkTo(output))
    if (refused !== undefined && !isString) references.refuse(refused, grants[0])
    return undefined
  }

  /** In an answer about several jobs a plain link is of the one that has written its file. */
  async function onlyOneThere(found: readonly Output[]): Promise<Output | undefined> {
    if (found.length > maxAsked) return undefined
    const there: Output[] = []
    for (const one of found) if ((await outputsOf(one.grant)).has(one.path)) there.push(one)
    return there.length === 1 ? there[0] : undefined
  }

  async function linkTo({ grant, path }: Output): Promise<string> {
    const { grantId, readExpiresAt: expiresAt } = grant
    return await makeFileLink({ keyring, publicUrl, grantId, path, expiresAt })
  }

  /** A link with no secret in what follows its sealed part, which is for the eye alone. */
  async function shown(link: string): Promise<string> {
    const at = link.indexOf('/', filesUrl.length + 1) + 1
    return link.slice(0, at) + (await clean(link.slice(at)))
  }

  async function rewrite(url: string, isString: boolean): Promise<string | undefined> {
    if (url.startsWith(`${webhooksUrl}/`)) {
      const claim = await readWebhookToken(keyring, url.slice(webhooksUrl.length + 1))
      return grants.find(({ grantId }) => grantId === claim?.grantId)?.webhook
    }
    if (url.startsWith(`${filesUrl}/`)) {
      const [sealed = ''] = url.slice(filesUrl.length + 1).split('/')
      const isOurs = isString || (await readFileLink(keyring, sealed, platform.now()))
      if (!isOurs) references.refuse('forged link', grants[0])
      return undefined
    }
    if (url.startsWith(`${referenceBase}/`)) {
      const output = isString ? undefined : await references.resolve(url)
      return output && (await shown(await linkOf(deps, output)))
    }
    return await fileLink(url, isString)
  }

  const native = grants.filter(({ access }) => access !== undefined)
  const stores = new Set(native.map(({ storeId }) => config.stores.get(storeId)))
  // With its day, for a bucket's name alone may be as short as three letters.
  const uris = native.map(({ storeId, day }) => `${config.stores.get(storeId)?.bucket}/${day}`)
  const bases = [
    ...[jobBucketUrl, webhooksUrl, filesUrl, referenceBase],
    ...[...stores].flatMap(bucketUrls),
    ...new Set([jobBucketName, ...uris].map((name) => `s3://${name}`)),
  ]
  return { bases, below, rewrite }
}

/** A store's bucket as clients spell it: in the path, and in the host's name. */
function bucketUrls(store: StoreConfig | undefined): string[] {
  if (store === undefined) return []
  const { endpoint, bucket } = store
  const { protocol, host, pathname } = new URL(endpoint)
  const path = pathname.replace(/\/$/, '')
  const urls = [`${endpoint}/${bucket}`, `${protocol}//${bucket}.${host}${path}`]
  // A store that is named by its address has no names below it.
  return urls.filter((url) => URL.canParse(url))
}
