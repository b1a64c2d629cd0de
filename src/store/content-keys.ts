import { dayNumber, escapeSegment } from './keys.ts'

/** Whose file it is, at which endpoint, and what it is called by its content. */
export interface ContentName {
  /** 32 hex characters that do not tell who it is. */
  readonly ownerHash: string
  readonly endpointId: string
  /** `sha256-{hex}.{extension}`. */
  readonly name: string
}

/** A name in the store that it lies in. */
export interface StoredContent extends ContentName {
  readonly storeId: string
}

/** Prefix of all files that are kept by their content, with the slash. */
export const contentRoot = 'content/'

/** Prefix of the notes on which day which of them are looked at, and below it of their records. */
export const contentDaysRoot = 'content/days/'
const recordsRoot = 'content/records/'

/** What a file is called by its content; its extension is that of the key it has now. */
export function contentName(sha256: string, key: string): string {
  return `sha256-${sha256}.${/\.([A-Za-z0-9]{1,10})$/.exec(key)?.[1] ?? 'bin'}`
}

/** Key of a file that is kept by its content, in the endpoint's store. */
export function contentKey({ ownerHash, endpointId, name }: ContentName): string {
  return `${contentRoot}${ownerHash}/${escapeSegment(endpointId)}/${name}`
}

/** Key of the record, in the state store, until when such a file is needed. */
export function contentRecordKey(content: StoredContent): string {
  return recordsRoot + pathOf(content)
}

/** Key of the note, in the state store, that such a file may be due once a day is over. */
export function contentDayKey(day: string, content: StoredContent): string {
  return `${contentDaysRoot}${day}/${pathOf(content)}`
}

/** What such a note says; undefined when the key is none. */
export function readContentDayKey(
  key: string,
): { day: string; content: StoredContent } | undefined {
  const [, day = '', path = ''] = /^content\/days\/(\d{4}-\d{2}-\d{2})\/(.+)$/.exec(key) ?? []
  const content = readPath(path)
  return content === undefined || dayNumber(day) === undefined ? undefined : { day, content }
}

/** What a file's key says; undefined when the key is none. */
export function readContentKey(key: string): ContentName | undefined {
  return readName(key.startsWith(contentRoot) ? key.slice(contentRoot.length) : '')
}

function pathOf({ storeId, ownerHash, endpointId, name }: StoredContent): string {
  return `${escapeSegment(storeId)}/${ownerHash}/${escapeSegment(endpointId)}/${name}`
}

function readPath(path: string): StoredContent | undefined {
  const at = path.indexOf('/')
  const name = readName(path.slice(at + 1))
  const storeId = decode(path.slice(0, at))
  return at < 1 || name === undefined || storeId === undefined ? undefined : { storeId, ...name }
}

function readName(path: string): ContentName | undefined {
  const match = /^([0-9a-f]{32})\/([^/]+)\/(sha256-[0-9a-f]{64}\.[A-Za-z0-9]{1,10})$/.exec(path)
  const [, ownerHash = '', segment = '', name = ''] = match ?? []
  const endpointId = decode(segment)
  return endpointId === undefined || name === '' ? undefined : { ownerHash, endpointId, name }
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
