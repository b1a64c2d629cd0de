import type { StoreConfig } from '../../config/config.ts'
import type { Grant } from '../../grants/grant.ts'
import { virtualPath } from '../../grants/mount-path.ts'
import { deriveScopedKey } from '../../grants/scoped-key.ts'
import { makeFileLink } from '../../outputs/file-link.ts'
import { resolveWorkerLink } from '../../outputs/worker-link.ts'
import type { CleanOptions } from '../../scrub/clean.ts'
import { readWebhookToken } from '../../webhooks/sealed-url.ts'
import type { Deps } from '../deps.ts'
import { createReferences, linkOf, referenceBase } from './resolve-reference.ts'

/**
 * How URLs of these jobs are replaced: a worker's links by links of the gateway's own, whether they
 * lead to the job bucket or, with keys of the store itself, to the store, and its references to
 * outputs; the sealed webhook's by the client's own.
 */
export function workerLinks(deps: Deps, grants: readonly Grant[]): CleanOptions['links'] & {} {
  const { config, keyring } = deps
  const { publicUrl, jobBucketUrl } = config
  const webhooksUrl = `${publicUrl}/webhooks`
  const references = createReferences(deps, grants)

  async function pathOf(grant: Grant, url: string): Promise<string | undefined> {
    if (grant.access !== undefined) {
      const accessId = grant.secrets.find(({ kind }) => kind === 'access id')?.value.reveal()
      const buckets = bucketUrls(config.stores.get(grant.storeId))
      const key = accessId && resolveWorkerLink(url, { buckets, accessId })
      return key ? virtualPath(grant, key) : undefined
    }
    const accessId = (await deriveScopedKey(keyring, grant.kid, grant.grantId))?.accessId
    return accessId && resolveWorkerLink(url, { bases: [jobBucketUrl], accessId })
  }

  async function rewrite(url: string): Promise<string | undefined> {
    if (url.startsWith(`${webhooksUrl}/`)) {
      const claim = await readWebhookToken(keyring, url.slice(webhooksUrl.length + 1))
      return grants.find(({ grantId }) => grantId === claim?.grantId)?.webhook
    }
    if (url.startsWith(`${referenceBase}/`)) {
      const output = await references.resolve(url)
      return output && (await linkOf(deps, output))
    }
    for (const grant of grants) {
      const path = await pathOf(grant, url)
      if (!path) continue
      const { grantId, readExpiresAt: expiresAt } = grant
      return await makeFileLink({ keyring, publicUrl, grantId, path, expiresAt })
    }
    return undefined
  }

  const native = grants.filter(({ access }) => access !== undefined)
  const stores = new Set(native.map(({ storeId }) => config.stores.get(storeId)))
  const bases = [jobBucketUrl, webhooksUrl, referenceBase, ...[...stores].flatMap(bucketUrls)]
  return { bases, rewrite }
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
