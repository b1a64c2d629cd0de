import { grantSecrets } from '../access/grant-secrets.ts'
import { concat } from '../bytes/concat.ts'
import type { Grant, GrantSecret } from '../grants/grant.ts'
import type { Body, IncomingResponse, OutgoingBody, Reply } from '../platform.ts'
import { type CleanOptions, cleanBody, cleanText } from '../scrub/clean.ts'
import { type CompiledSecrets, compileSecrets } from '../scrub/scrubber.ts'
import { responseHeaders } from '../upstream/headers.ts'
import { makeWebhookToken } from '../webhooks/sealed-url.ts'
import { decodedAnswer } from './decoded-answer.ts'
import type { Deps } from './deps.ts'
import { inlineOutputs } from './outputs/inline-outputs.ts'
import { linkOutputKeys } from './outputs/link-output-keys.ts'
import { workerLinks } from './outputs/worker-links.ts'

/** How one answer is treated beside being cleaned. */
export interface AnswerOptions extends Pick<CleanOptions, 'onId' | 'onEnd'> {
  /**
   * Waits for a short answer whole, so that what fails while it is read is still an error with a
   * status of its own. Never for streams: their chunks go on as they come.
   */
  readonly hold?: boolean
  /** Names of headers that pass beside those of the allow-list. */
  readonly moreHeaders?: readonly string[]
}

/** Bytes up to which an answer is held. */
const holdMaxBytes = 65_536

/**
 * An upstream answer on its way to the client: outputs put back into it where the endpoint says so,
 * secrets of the job's grant removed, links of the worker replaced, hooks awaited. Resolves when the
 * first bytes are ready, or all of a held answer.
 */
export async function cleanAnswer(
  deps: Deps,
  response: IncomingResponse,
  grant: Grant,
  options: AnswerOptions = {},
): Promise<Reply> {
  const isInline = deps.config.endpoint(grant.endpointId)?.outputs === 'inline'
  const fill = (body: Body) => {
    const linked = linkOutputKeys(deps, grant, body)
    return isInline ? inlineOutputs(deps, grant, linked) : linked
  }
  return await cleanedBy(deps, response, () => cleaning(deps, [grant]), options, fill)
}

/** The same for an answer that belongs to no job: the gateway's own key for the endpoint is removed. */
export async function cleanJoblessAnswer(
  deps: Deps,
  response: IncomingResponse,
  endpointId: string,
  options: AnswerOptions = {},
): Promise<Reply> {
  return await cleanedBy(deps, response, () => cleaning(deps, [], endpointId), options)
}

async function cleanedBy(
  deps: Deps,
  encoded: IncomingResponse,
  makeOptions: () => Promise<CleanOptions>,
  { hold = false, moreHeaders, ...hooks }: AnswerOptions = {},
  fill: (body: Body) => Body = (body) => body,
): Promise<Reply> {
  const response = await decodedAnswer(deps.platform, encoded)
  const options = await makeOptions()
  const headers = await cleanHeaders(response.headers, options, moreHeaders)
  const type = response.headers.get('content-type') ?? 'json'
  const json = type.includes('json')
  // Before it is cleaned: what a file says is no more to be trusted than the rest.
  const source = json ? fill(response.body) : response.body
  const body = cleanBody(deps.platform, source, { ...options, json, ...hooks })
  // The head of a stream of events tells the client that it is one, long before the first of them.
  const ready = await primed(body, hold ? holdMaxBytes : type.includes('event-stream') ? 0 : 1)
  return { status: response.status, headers, body: ready }
}

/** The headers that may go on, cleaned; the length is another one afterwards. */
export async function cleanHeaders(
  headers: Headers,
  options: CleanOptions,
  more?: readonly string[],
): Promise<Headers> {
  const cleaned = new Headers()
  for (const [name, value] of responseHeaders(headers, { untouched: false, more })) {
    cleaned.append(name, await cleanText(value, options))
  }
  return cleaned
}

/** How everything that belongs to these grants of one endpoint is cleaned; there may be none. */
export async function cleaning(
  deps: Deps,
  grants: readonly Grant[],
  endpointId: string | undefined = grants[0]?.endpointId,
): Promise<CleanOptions> {
  const counts = new Map<string, { kind: string; form: string; count: number }>()
  const links = workerLinks(deps, grants, async (text) => {
    // All else as it is for the answer, or its patterns would be made anew for each link.
    return await cleanText(text, {
      ...options,
      links: { ...links, rewrite: async () => undefined },
    })
  })
  const options: CleanOptions = {
    secrets: await compiledSecrets(deps, grants, endpointId),
    links,
    signedHosts: signedHosts(deps),
    shapes: deps.config.scrub.shapes,
    json: true,
    onRemoved(kind, form) {
      const known = counts.get(`${kind} ${form}`)
      if (known !== undefined) known.count++
      if (known !== undefined) return
      counts.set(`${kind} ${form}`, { kind, form, count: 1 })
      // Once an answer: a million hits are not a million lines.
      deps.log.write('info', { event: 'secret_removed', kind, form, endpoint: endpointId })
    },
    onDone() {
      for (const { kind, form, count } of counts.values()) {
        deps.metrics.count('secrets_removed', { kind, form }, count)
      }
      counts.clear()
    },
  }
  return options
}

async function compiledSecrets(
  deps: Deps,
  grants: readonly Grant[],
  endpointId: string | undefined,
): Promise<CompiledSecrets> {
  const { config, keyring } = deps
  // No grant's id has a space in it.
  const [name = `endpoint ${endpointId}`, more] = grants.map(({ grantId }) => grantId)
  const known = more === undefined && deps.compiled.get(name)
  if (known) return known
  const secrets: GrantSecret[] = []
  const ownKey = config.endpoint(endpointId ?? '')?.upstreamKey
  if (ownKey !== undefined) secrets.push({ kind: 'upstream key', value: ownKey })
  for (const grant of grants) {
    const webhookToken = await makeWebhookToken(keyring, grant.kid, grant.grantId)
    const upstreamKey = config.endpoint(grant.endpointId)?.upstreamKey
    const own = await grantSecrets({
      keyring,
      grant,
      ...(webhookToken === undefined ? {} : { webhookToken }),
      ...(upstreamKey === undefined ? {} : { upstreamKey }),
    })
    secrets.push(...own)
  }
  const compiled = compileSecrets(secrets)
  if (more === undefined) deps.compiled.set(name, compiled)
  return compiled
}

/** Where a presigned URL is ours: the gateway, and our bucket on a store's host. */
function signedHosts({ config }: Deps): string[] {
  const hosts = [config.publicUrl, config.jobBucketUrl].map((url) => new URL(url).host)
  for (const { endpoint, bucket, pathStyle } of config.stores.values()) {
    const { host, pathname } = new URL(endpoint)
    const base = pathname.replace(/\/$/, '')
    hosts.push(pathStyle ? `${host}${base}/${bucket}` : `${bucket}.${host}`)
  }
  return [...new Set(hosts)]
}

/** The same body with its first bytes already read; bytes when that was all of it. */
async function primed(body: OutgoingBody, untilBytes: number): Promise<Uint8Array | OutgoingBody> {
  const held: Uint8Array[] = []
  let bytes = 0
  while (bytes < untilBytes) {
    const chunk = await body.read()
    if (chunk === undefined) return concat(held)
    // A chunk is valid until the next read only.
    held.push(chunk.slice())
    bytes += chunk.length
  }
  return {
    length: undefined,
    read: async () => held.shift() ?? (await body.read()),
    cancel: (reason) => body.cancel(reason),
  }
}
