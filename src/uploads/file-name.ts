import { extensionOf } from '../store/media-type.ts'

const shownMaxBytes = 255
const stemMaxLength = 40
const encoder = new TextEncoder()

/**
 * A client's own name for its file, fit to be shown: the last segment of a path, without control
 * characters and those that turn the direction of text, at most 255 bytes of UTF-8.
 */
export function shownName(given: string | undefined): string {
  const last = (given ?? '').split(/[/\\]/).findLast((segment) => segment.trim() !== '') ?? ''
  const name = last
    .toWellFormed()
    .replace(/\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, '')
    .trim()
  return /^\.{0,2}$/.test(name) ? 'file' : shorten(name)
}

/** The name that a file has in its key: `{stem}.{extension}` of ASCII letters, digits, `_` and `-`. */
export function keyName(shown: string, contentType: string): string {
  const dot = shown.lastIndexOf('.')
  const ending = dot <= 0 ? '' : shown.slice(dot + 1)
  const isPlain = /^[A-Za-z0-9]{1,10}$/.test(ending)
  const stem = (isPlain ? shown.slice(0, dot) : shown)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, stemMaxLength)
    .replace(/^-+|-+$/g, '')
  const essence = contentType.split(';')[0] ?? ''
  const extension = isPlain ? ending.toLowerCase() : (extensionOf(essence) ?? 'bin')
  return `${stem === '' ? 'file' : stem}.${extension}`
}

/** Cuts the middle out of a name that is too long, so that its extension stays. */
function shorten(name: string): string {
  if (encoder.encode(name).length <= shownMaxBytes) return name
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? ''
  let bytes = encoder.encode(ending).length
  let kept = ''
  for (const character of name) {
    bytes += encoder.encode(character).length
    if (bytes > shownMaxBytes) break
    kept += character
  }
  return kept + ending
}
