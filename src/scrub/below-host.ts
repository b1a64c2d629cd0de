/** URLs of hosts below a given one (`https://{any}.s3.example`): what is looked for is the end of the host. */

/** Bytes in which scheme and labels stand before it, escapes counted. */
const MAX_BEFORE = 160

const latin1 = new TextDecoder('latin1')
const WHOLE =
  /https?(?::|%(?:25)*3a)(?:\\*\/|\\+u002f|%(?:25)*2f){2}[a-z0-9](?:[\w.-]{0,62}[a-z0-9])?$/i
// Up to where such a beginning may have come: each part of it, as far as it goes.
const BEGUN = /^https?(?:(?:%[0-9a-f%]*|:)(?:[\\/%]|u002f|[0-9a-f]{2})*[\w.-]*)?$/i

/** Where the URL begins whose scheme and labels end at `at`; -1 when no such ones stand there. */
export function urlStartBefore(view: Uint8Array, at: number): number {
  const from = Math.max(0, at - MAX_BEFORE)
  const match = WHOLE.exec(latin1.decode(view.subarray(from, at)))
  return match === null ? -1 : from + match.index
}

/** Position before `end` from which the view may hold scheme and labels of a host still to come. */
export function holdForHost(view: Uint8Array, end: number): number {
  const from = Math.max(0, end - MAX_BEFORE)
  const text = latin1.decode(view.subarray(from, end))
  const run = text.search(/[\w.:/\\%-]*$/)
  for (let at = run; at < text.length; at++) {
    const rest = text.slice(at, at + 6).toLowerCase()
    const isBegun = rest.startsWith('http') ? BEGUN.test(text.slice(at)) : 'http'.startsWith(rest)
    if (isBegun) return from + at
  }
  return end
}

/** Whether a URL's host lies below the one of `base`, and the rest of it under its path. */
export function isBelow(link: string, base: string): boolean {
  const host = base.replace(/^https?:\/\//, '')
  const scheme = base.slice(0, base.length - host.length)
  const at = link.indexOf(`.${host}`)
  if (!link.startsWith(scheme) || at <= scheme.length) return false
  const isHost = !/[/?#@]/.test(link.slice(scheme.length, at))
  return isHost && /^$|[/?#]/.test(link.charAt(at + 1 + host.length))
}
