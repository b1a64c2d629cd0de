import type { Mount } from '../../grants/grant.ts'
import { compareKeys } from '../../store/compare-keys.ts'
import { findMount, isPrefix } from '../authorise.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, readText, storeError } from '../store-answer.ts'
import { cutKey, keyBytes, maxKeyBytes } from '../target.ts'
import { parseXml, type XmlNode, xmlNodes, xmlText } from '../xml.ts'

/** Bytes of a store's listing. */
export const maxListBytes: number = 4 * 1024 * 1024

/** One line of a listing, in virtual keys: an object, or a prefix that the store rolled up. */
export interface Entry {
  readonly key: string
  /** Undefined for a common prefix. */
  readonly object: { size: string; etag: string; lastModified: string } | undefined
}

/** What part of the bucket is listed. */
export interface Range {
  readonly prefix: string
  readonly delimiter: string
  /** Only keys after this one; empty for all. */
  readonly after: string
  readonly maxKeys: number
}

/**
 * The entries that one mount gives to a listing, in key order, page by page as they are asked for.
 * Undefined when the mount has no part in it.
 */
export function openSource(
  call: Call,
  mounts: readonly Mount[],
  mount: Mount,
  range: Range,
): AsyncGenerator<Entry> | undefined {
  const { path, key } = mount
  const { prefix, after } = range
  if (!isPrefix(mount)) {
    const isListed = path.startsWith(prefix) && compareKeys(path, after) > 0
    return isListed ? entries(call, mounts, mount, { prefix: key, maxKeys: '1' }) : undefined
  }
  if (!path.startsWith(prefix) && !prefix.startsWith(path)) return undefined
  const isBehind = !after.startsWith(path) && compareKeys(after, path) > 0
  if (isBehind) return undefined
  const below = prefix.length > path.length ? prefix.slice(path.length) : ''
  // No key can be as long as that in the store, and it may refuse to look.
  if (keyBytes(key + below) > maxKeyBytes) return undefined
  const rolledAt = rollUp(path, range)
  return entries(call, mounts, mount, {
    prefix: key + below,
    // Where the whole mount is one common prefix, its first object is all there is to know. But that
    // object could belong to a longer mount, so this is left to mounts with none inside.
    maxKeys: rolledAt !== undefined && !hasInner(mounts, path) ? '1' : String(range.maxKeys + 1),
    // All stores know this delimiter; others, and one across the mount's border, are rolled up here.
    ...(range.delimiter === '/' && { delimiter: '/' }),
    ...(after.length > path.length &&
      after.startsWith(path) && {
        'start-after': cutKey(key + after.slice(path.length)),
      }),
  })
}

/** The common prefix that a key belongs to; undefined when it stands for itself. */
export function rollUp(
  key: string,
  range: Pick<Range, 'prefix' | 'delimiter'>,
): string | undefined {
  if (range.delimiter === '') return undefined
  const at = key.indexOf(range.delimiter, range.prefix.length)
  return at < 0 ? undefined : key.slice(0, at + range.delimiter.length)
}

function hasInner(mounts: readonly Mount[], path: string): boolean {
  return mounts.some((mount) => mount.path !== path && mount.path.startsWith(path))
}

async function* entries(
  call: Call,
  mounts: readonly Mount[],
  mount: Mount,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<Entry> {
  const toVirtual = (real: string) => mount.path + real.slice(mount.key.length)
  let from: Readonly<Record<string, string>> = {}
  for (let last = '', isStuck = false; ; ) {
    const page = await readPage(call, { ...query, 'list-type': '2', ...from })
    const found = readEntries(page)
    const fresh = isStuck ? found.filter((entry) => compareKeys(endOf(entry), last) > 0) : found
    for (const entry of fresh) {
      // What a store makes of an odd prefix is its own affair, but not to be told.
      if (!entry.key.startsWith(query['prefix'] ?? mount.key)) continue
      if (!isPrefix(mount) && entry.key !== mount.key) continue
      const key = toVirtual(entry.key)
      // A longer mount hides what lies under its path here.
      if (findMount(mounts, key) === mount) yield { ...entry, key }
    }
    const next = xmlText(page, 'NextContinuationToken')
    if (query['maxKeys'] === '1' || xmlText(page, 'IsTruncated') !== 'true' || !next) return
    const end = fresh.at(-1)
    last = end === undefined ? last : endOf(end)
    // Network volumes repeat a token now and then: from there on the last key tells where to go on.
    if (isStuck && end === undefined) throw new S3Error('InternalError', undefined, 'stuck')
    isStuck ||= next === from['continuation-token']
    from = isStuck ? { 'start-after': last } : { 'continuation-token': next }
  }
}

/** What a listing goes on after: of a common prefix, all below it. */
function endOf({ key, object }: Entry): string {
  return object === undefined ? `${key}\u{10ffff}` : key
}

async function readPage(
  call: Call,
  { maxKeys, ...query }: Readonly<Record<string, string>>,
): Promise<XmlNode> {
  const answer = await askStore(call, {
    method: 'GET',
    key: '',
    query: { ...query, 'max-keys': maxKeys ?? '1000', 'encoding-type': 'url' },
  })
  if (answer.status !== 200) throw await storeError(answer, 'NoSuchKey')
  const page = parseXml(await readText(answer, maxListBytes), 'ListBucketResult')
  if (page === undefined) throw new S3Error('InternalError', undefined, 'not a listing')
  return page
}

/** Objects and common prefixes of a page, merged in key order. */
function readEntries(page: XmlNode): Entry[] {
  const isEncoded = xmlText(page, 'EncodingType') === 'url'
  // Some stores write a space as `+`; a real plus is %2B then.
  const decode = (text: string) =>
    isEncoded ? decodeURIComponent(text.replaceAll('+', ' ')) : text
  const objects = xmlNodes(page, 'Contents').map((node) => ({
    key: decode(xmlText(node, 'Key') ?? ''),
    object: {
      size: xmlText(node, 'Size') ?? '0',
      etag: xmlText(node, 'ETag') ?? '',
      lastModified: xmlText(node, 'LastModified') ?? '',
    },
  }))
  const prefixes = xmlNodes(page, 'CommonPrefixes').map((node) => ({
    key: decode(xmlText(node, 'Prefix') ?? ''),
    object: undefined,
  }))
  return [...objects, ...prefixes].sort((a, b) => compareKeys(a.key, b.key))
}
