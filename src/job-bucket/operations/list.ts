import { decodeBase64url, encodeBase64url } from '../../bytes/base64url.ts'
import type { Reply } from '../../platform.ts'
import { encodeRfc3986 } from '../../sigv4/encode.ts'
import { findQuery } from '../../sigv4/query.ts'
import { orderMounts } from '../authorise.ts'
import type { Call } from '../call.ts'
import { replyXml } from '../reply.ts'
import { S3Error } from '../s3-error.ts'
import { isForeign } from '../target.ts'
import { compareKeys } from './compare-keys.ts'
import { type Entry, openSource, type Range, rollUp } from './list-source.ts'

/**
 * ListObjectsV2 over all mounts, merged in key order. A continuation token is the virtual key or
 * common prefix that the page before ended with: nothing of the store's own token gets out.
 */
export async function listObjects(call: Call): Promise<Reply> {
  const { query, bucket } = call.target
  const encoding = findQuery(query, 'encoding-type')
  if (encoding !== undefined && encoding !== 'url') throw new S3Error('InvalidArgument')
  const encode = (text: string) => (encoding === 'url' ? encodeKey(text) : text)
  const token = findQuery(query, 'continuation-token')
  const startAfter = findQuery(query, 'start-after')
  const position = token === undefined ? undefined : readToken(token)
  const range: Range = {
    prefix: checkPrefix(findQuery(query, 'prefix') ?? ''),
    delimiter: findQuery(query, 'delimiter') ?? '',
    after: position?.after ?? startAfter ?? '',
    maxKeys: readMaxKeys(findQuery(query, 'max-keys')),
  }
  const { entries, isTruncated } = await collect(call, range, position?.isPrefix === true)
  const last = entries.at(-1)
  return replyXml('ListBucketResult', {
    Name: bucket,
    Prefix: encode(range.prefix),
    Delimiter: range.delimiter === '' ? undefined : encode(range.delimiter),
    StartAfter: startAfter === undefined ? undefined : encode(startAfter),
    EncodingType: encoding,
    MaxKeys: range.maxKeys,
    KeyCount: entries.length,
    IsTruncated: isTruncated,
    ContinuationToken: token,
    NextContinuationToken: isTruncated && last !== undefined ? writeToken(last) : undefined,
    Contents: entries.flatMap(({ key, object }) =>
      object === undefined
        ? []
        : {
            Key: encode(key),
            LastModified: object.lastModified,
            ETag: object.etag,
            Size: object.size,
            StorageClass: 'STANDARD',
          },
    ),
    CommonPrefixes: entries.flatMap(({ key, object }) =>
      object === undefined ? { Prefix: encode(key) } : [],
    ),
  })
}

async function collect(
  call: Call,
  range: Range,
  isPrefixDone: boolean,
): Promise<{ entries: Entry[]; isTruncated: boolean }> {
  const entries: Entry[] = []
  if (range.maxKeys === 0) return { entries, isTruncated: false }
  for await (const entry of merge(call, range)) {
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

/** The entries of all mounts in key order. */
async function* merge(call: Call, range: Range): AsyncGenerator<Entry> {
  const mounts = orderMounts(call.grant.mounts)
  const sources = mounts.flatMap((mount) => openSource(call, mounts, mount, range) ?? [])
  const heads = await Promise.all(
    sources.map(async (source) => ({ source, next: await source.next() })),
  )
  for (;;) {
    let least: { entry: Entry; at: number } | undefined
    for (const [at, { next }] of heads.entries()) {
      if (next.done) continue
      if (least === undefined || compareKeys(next.value.key, least.entry.key) < 0) {
        least = { entry: next.value, at }
      }
    }
    const head = least && heads[least.at]
    if (least === undefined || head === undefined) return
    yield least.entry
    head.next = await head.source.next()
  }
}

function checkPrefix(prefix: string): string {
  if (isForeign(prefix)) throw new S3Error('InvalidArgument', 'The prefix is not allowed')
  return prefix
}

function readMaxKeys(text: string | undefined): number {
  if (text === undefined || text === '') return 1000
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', 'max-keys is not a number')
  return Math.min(Number(text), 1000)
}

function writeToken({ key, object }: Entry): string {
  const kind = object === undefined ? 'p' : 'k'
  return kind + encodeBase64url(new TextEncoder().encode(key))
}

function readToken(token: string): { after: string; isPrefix: boolean } {
  const bytes = decodeBase64url(token.slice(1))
  if (bytes === undefined || !/^[kp]/.test(token)) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect')
  }
  const text = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes)
  return { after: text, isPrefix: token.startsWith('p') }
}

function encodeKey(key: string): string {
  return encodeRfc3986(key).replaceAll('%2F', '/')
}
