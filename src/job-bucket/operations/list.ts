import { decodeBase64url, encodeBase64url } from '../../bytes/base64url.ts'
import type { Reply } from '../../platform.ts'
import { findQuery } from '../../sigv4/query.ts'
import { compareKeys } from '../../store/compare-keys.ts'
import { orderMounts } from '../authorise.ts'
import type { Call } from '../call.ts'
import { replyXml } from '../reply.ts'
import { S3Error } from '../s3-error.ts'
import { checkPrefix } from '../target.ts'
import type { XmlContent } from '../xml.ts'
import { owner } from './bucket.ts'
import { type KeyEncoding, keyEncodingOf } from './key-encoding.ts'
import { type Entry, openSource, type Range, rollUp } from './list-source.ts'
import { mergeByKey } from './merge.ts'
import { readCount } from './upload-params.ts'

/** ListObjects (version 1): a page begins after `marker`, which is a virtual key or common prefix. */
export async function listObjects(call: Call): Promise<Reply> {
  const encoding = keyEncodingOf(call)
  const { encode } = encoding
  const marker = checkPrefix(findQuery(call.target.query, 'marker') ?? '')
  const range = readRange(call, marker)
  const { entries, isTruncated } = await collect(call, range, true)
  const last = entries.at(-1)
  // Without a delimiter clients go on from the last key.
  const hasNext = isTruncated && last !== undefined && range.delimiter !== ''
  return replyXml('ListBucketResult', {
    ...headOf(call, range, encoding),
    Marker: encode(marker),
    NextMarker: hasNext ? encode(last.key) : undefined,
    IsTruncated: isTruncated,
    ...linesOf(entries, encoding, true),
  })
}

/**
 * ListObjectsV2 over all mounts, merged in key order. A continuation token is the virtual key or
 * common prefix that the page before ended with: nothing of the store's own token gets out.
 */
export async function listObjectsV2(call: Call): Promise<Reply> {
  const { query } = call.target
  const encoding = keyEncodingOf(call)
  const token = findQuery(query, 'continuation-token')
  const startAfter = findQuery(query, 'start-after')
  const position = token === undefined ? undefined : readToken(token)
  const range = readRange(call, position?.after ?? checkPrefix(startAfter ?? ''))
  const { entries, isTruncated } = await collect(call, range, position?.isPrefix === true)
  const last = entries.at(-1)
  return replyXml('ListBucketResult', {
    ...headOf(call, range, encoding),
    StartAfter: startAfter === undefined ? undefined : encoding.encode(startAfter),
    KeyCount: entries.length,
    IsTruncated: isTruncated,
    ContinuationToken: token,
    NextContinuationToken: isTruncated && last !== undefined ? writeToken(last) : undefined,
    ...linesOf(entries, encoding, findQuery(query, 'fetch-owner') === 'true'),
  })
}

function readRange(call: Call, after: string): Range {
  const { query } = call.target
  return {
    prefix: checkPrefix(findQuery(query, 'prefix') ?? ''),
    delimiter: findQuery(query, 'delimiter') ?? '',
    after,
    maxKeys: Math.min(readCount(call, 'max-keys', 1000), 1000),
  }
}

function headOf(call: Call, { prefix, delimiter, maxKeys }: Range, { name, encode }: KeyEncoding) {
  return {
    Name: call.target.bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: name,
    MaxKeys: maxKeys,
  }
}

function linesOf(entries: readonly Entry[], { encode }: KeyEncoding, hasOwner: boolean) {
  const contents: XmlContent[] = []
  const prefixes: XmlContent[] = []
  for (const { key, object } of entries) {
    if (object === undefined) prefixes.push({ Prefix: encode(key) })
    else {
      contents.push({
        Key: encode(key),
        LastModified: object.lastModified,
        ETag: object.etag,
        Size: object.size,
        ...(hasOwner && { Owner: owner }),
        StorageClass: 'STANDARD',
      })
    }
  }
  return { Contents: contents, CommonPrefixes: prefixes }
}

async function collect(
  call: Call,
  range: Range,
  isPrefixDone: boolean,
): Promise<{ entries: Entry[]; isTruncated: boolean }> {
  const entries: Entry[] = []
  if (range.maxKeys === 0) return { entries, isTruncated: false }
  const mounts = orderMounts(call.grant.mounts)
  const sources = mounts.flatMap((mount) => openSource(call, mounts, mount, range) ?? [])
  for await (const entry of mergeByKey(sources)) {
    if (compareKeys(entry.key, range.after) <= 0 && entry.object !== undefined) continue
    const prefix = rollUp(entry.key, range)
    const shown = prefix === undefined ? entry : { key: prefix, object: undefined }
    const isDone = isPrefixDone && shown.key === range.after
    if (isDone || (shown.object === undefined && shown.key === entries.at(-1)?.key)) continue
    if (entries.length === range.maxKeys) return { entries, isTruncated: true }
    entries.push(shown)
  }
  return { entries, isTruncated: false }
}

function writeToken({ key, object }: Entry): string {
  const kind = object === undefined ? 'p' : 'k'
  return kind + encodeBase64url(new TextEncoder().encode(key))
}

function readToken(token: string): { after: string; isPrefix: boolean } {
  const refusal = new S3Error('InvalidArgument', 'The continuation token provided is incorrect')
  const bytes = decodeBase64url(token.slice(1))
  if (bytes === undefined || !/^[kp]/.test(token)) throw refusal
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { after: checkPrefix(text), isPrefix: token.startsWith('p') }
  } catch {
    throw refusal
  }
}
