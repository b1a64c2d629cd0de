/** What can be told from the text of one URL, however it is escaped. */

/** Bytes that one URL may have, escapes counted; what follows is no longer part of a link. */
export const MAX_URL_BYTES = 8192

const star = 0x2a
const backslash = 0x5c
const latin1 = new TextDecoder('latin1')

// Parentheses, brackets and quotes are percent-encoded in signed URLs, and end one in prose.
const inUrl = new Uint8Array(128)
for (const character of '!#$%&*+,-./0123456789:;=?@_~ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')) {
  inUrl[character.charCodeAt(0)] = 1
  inUrl[character.toLowerCase().charCodeAt(0)] = 1
}

// Of every provider: S3 in both versions, Google, Azure (`sig`), CloudFront, OSS, COS, OBS, TOS.
const SENSITIVE =
  /(?:x-[a-z]{2,5}-(?:signature|security-token)|q-signature|(?:[?&;]|%(?:25)*(?:26|3f)|u00(?:26|3f))(?:signature|sig|security-token))(?:=|%(?:25)*3d|\\+u003d)/gi
const VALUE = /(?:[A-Za-z0-9+/=_.~*-]|%(?:25)*(?:2b|2f|3d)|\\+\/|\\+u00(?:2b|2f|3d))*/iy
const SEPARATOR = /&|%(?:25)*26|\\+u0026/gi

/**
 * Position after the last byte of the URL whose beginning ends at `floor`, looked at from `from`, or the position from which to look
 * again, as a negative number minus one, when the view ends first. JSON escapes of URL characters
 * (`\/`, `\u0026`, nested ones too) belong to the URL; trailing punctuation does not.
 */
export function urlEnd(view: Uint8Array, floor: number, from: number, final: boolean): number {
  let at = from
  while (at < view.length) {
    const byte = view[at] ?? 0
    if (byte < 128 && inUrl[byte] === 1) {
      at++
      continue
    }
    if (byte !== backslash) return trimmed(view, floor, at)
    const after = escapeEnd(view, at)
    if (after === 0) return final ? trimmed(view, floor, at) : -at - 1
    if (after < 0) return trimmed(view, floor, at)
    at = after
  }
  return final ? trimmed(view, floor, at) : -at - 1
}

/** Position after the escape at `at`; -1 when it is none of a URL's, 0 when the view ends in it. */
function escapeEnd(view: Uint8Array, at: number): number {
  let to = at
  while (view[to] === backslash) to++
  if (to === view.length) return 0
  if (view[to] === 0x2f) return to + 1
  if (view[to] !== 0x75) return -1
  if (to + 5 > view.length) return 0
  const code = Number.parseInt(latin1.decode(view.subarray(to + 1, to + 5)), 16)
  return inUrl[code] === 1 ? to + 5 : -1
}

function trimmed(view: Uint8Array, from: number, end: number): number {
  let to = end
  while (to > from && '.,;:!?'.includes(String.fromCharCode(view[to - 1] ?? 0))) to--
  return to
}

/** The URL as its reader sees it: without the escapes of JSON and HTML. */
export function unescapeUrl(text: string): string {
  return text
    .replace(/\\+\//g, '/')
    .replace(/\\+u([0-9a-f]{4})/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replaceAll('&amp;', '&')
}

/** Writes `url` with the escapes that stand in `original`. */
export function escapeLike(original: string, url: string): string {
  const slash = /\\+(?:\/|u002f)/i.exec(original)?.[0] ?? '/'
  const and = /\\+u0026|&amp;/i.exec(original)?.[0] ?? '&'
  return url.replace(/[/&]/g, (character) => (character === '/' ? slash : and))
}

/**
 * Replaces by `*`, in place, the signatures and security tokens in the text of a URL, SigV4 and
 * SigV2, escaped for JSON or URL-encoded or not. `inValue`: the text begins within such a value.
 * Returns whether it ends within one.
 */
export function maskSignatures(url: Uint8Array, inValue: boolean): boolean {
  const text = latin1.decode(url)
  let open = inValue && maskValue(url, text, 0)
  for (const match of text.matchAll(SENSITIVE)) {
    open = maskValue(url, text, match.index + match[0].length)
  }
  return open
}

function maskValue(url: Uint8Array, text: string, from: number): boolean {
  VALUE.lastIndex = from
  const to = from + (VALUE.exec(text)?.[0].length ?? 0)
  url.fill(star, from, to)
  return to === text.length
}

/** Where a URL that is too long may be cut: before its last parameter, or before an escape. */
export function cutUrl(url: Uint8Array): number {
  const text = latin1.decode(url)
  let cut = 0
  for (const match of text.matchAll(SEPARATOR)) cut = match.index
  if (cut > 0) return cut
  const unsure = /(?:%[0-9a-f]{0,6}|\\+(?:u[0-9a-f]{0,4})?)$/i.exec(text.slice(-64))
  return text.length - (unsure?.[0].length ?? 0)
}

/** Whether a name goes on after a host or base, which then is another one: `gw.example.evil`. */
export function goesOnAsHost(byte: number | undefined): boolean {
  return byte !== undefined && /[\w.-]/.test(String.fromCharCode(byte))
}

/** Whether a URL is the base, or goes on below it. */
export function isUnder(link: string, base: string): boolean {
  return link.startsWith(base) && /^$|[/?#]/.test(link.charAt(base.length))
}
