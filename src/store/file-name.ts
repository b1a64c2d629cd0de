import { extensionOf } from './media-type.ts'

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
  const ending = endingOf(shown)
  const stem = (ending === undefined ? shown : shown.slice(0, -ending.length - 1))
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, stemMaxLength)
    .replace(/^-+|-+$/g, '')
  const essence = contentType.split(';')[0] ?? ''
  const extension = ending?.toLowerCase() ?? extensionOf(essence) ?? 'bin'
  return `${stem === '' ? 'file' : stem}.${extension}`
}

/** What stands behind the last dot of a name, where that can be an extension. */
export function endingOf(name: string): string | undefined {
  return /^.+\.([A-Za-z0-9]{1,10})$/s.exec(name)?.[1]
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
