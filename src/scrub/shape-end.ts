import type { ValueShape } from './shape-patterns.ts'

/** How far a value goes in what there is: `isOver` when it ends there, else the rest must be seen with more. */
export interface Reach {
  readonly end: number
  readonly isOver: boolean
}

const BACKSLASH = 0x5c
const latin1 = new TextDecoder('latin1')
/** Characters of an AWS secret key; `\/` and URL-encoded ones count as one. */
const KEY = /^(?:[A-Za-z0-9+/]|\\+\/|%(?:25)*2[bBfF]){0,41}/
const KEY_CHARACTER = /[A-Za-z0-9+/]|\\+\/|%(?:25)*2[bBfF]/g
const KEY_CHARACTERS = 40
const KEY_BYTES = 200
/** Backslashes of a run that are kept until its end is there. */
const MAX_BACKSLASHES = 64
const PARAMETER =
  /^(?:[A-Za-z0-9+/=_.~*-]|%(?:25){0,9}(?:2b|2f|3d)|\\{1,64}\/|\\{1,64}u00(?:2b|2f|3d))*/i
/** What may become an escape of a parameter's. */
const BEGUN_ESCAPE = /^(?:%(?:25){0,9}[23]?|\\{1,64}(?:u(?:0(?:0[23]?)?)?)?)?$/
/** Bytes of a parameter that are looked at in one go: most are shorter. */
const WINDOW = 512

/** Where a value goes on to in `view` from `at`, where all before `at` is known to be of it. */
export function reachOf(shape: ValueShape, view: Uint8Array, at: number, final: boolean): Reach {
  switch (shape.until) {
    case 'element':
      return elementEnd(view, at, final)
    case 'quoted':
      return quotedEnd(view, at, shape, final)
    case 'parameter':
      return parameterEnd(view, at, final)
    case 'key':
      return keyEnd(view, at, final)
  }
}

function elementEnd(view: Uint8Array, from: number, final: boolean): Reach {
  for (let at = from; at < view.length; at++) {
    const byte = view[at]
    if (byte === 0x3c || byte === 0x22) return { end: at, isOver: true }
    if (byte !== 0x26 && byte !== BACKSLASH) continue
    const rest = latin1.decode(view.subarray(at, at + 16))
    if (/^(?:\\+u0026|&)lt;|^\\+u003c/i.test(rest)) return { end: at, isOver: true }
    const isWhole = final || rest.length === 16
    if (
      !isWhole &&
      /^(?:&(?:l(?:t)?)?|\\+(?:u(?:0(?:0(?:3|2(?:6(?:l(?:t)?)?)?)?)?)?)?)$/i.test(rest)
    ) {
      return { end: at, isOver: false }
    }
    // An escaped quote is of the value.
    if (byte === BACKSLASH) at++
  }
  return { end: view.length, isOver: final }
}

function quotedEnd(view: Uint8Array, from: number, shape: ValueShape, final: boolean): Reach {
  const quote = shape.quote.charCodeAt(0)
  for (let at = from; at < view.length; at++) {
    const byte = view[at]
    if (byte === quote || byte === 0x22) return { end: at, isOver: true }
    if (byte !== BACKSLASH) continue
    let to = at
    while (view[to] === BACKSLASH) to++
    // Eights, as each depth counts in twos, fours or eights whether a quote after them closes.
    const past = Math.max(0, to - at - MAX_BACKSLASHES)
    if (to === view.length && !final) return { end: at + past - (past % 8), isOver: false }
    // Escaped backslashes may stand right before the quote's own.
    const more = to - at - shape.level
    const isClosing = more < 0 || more % (2 * (shape.level + 1)) === 0
    if (view[to] === quote && isClosing) {
      return { end: at + Math.max(0, more), isOver: true }
    }
    at = to
  }
  return { end: view.length, isOver: final }
}

function parameterEnd(view: Uint8Array, from: number, final: boolean): Reach {
  for (let at = from; ; ) {
    const text = latin1.decode(view.subarray(at, at + WINDOW))
    const length = PARAMETER.exec(text)?.[0].length ?? 0
    const isBegun = BEGUN_ESCAPE.test(text.slice(length))
    const isWhole = at + WINDOW >= view.length
    at += length
    if (isWhole || !isBegun) return { end: at, isOver: final || !isBegun }
  }
}

/** All of a key or nothing: `end` stays at `from` where it is none, or cannot be told yet. */
function keyEnd(view: Uint8Array, from: number, final: boolean): Reach {
  const text = latin1.decode(view.subarray(from, from + KEY_BYTES))
  const run = KEY.exec(text)?.[0] ?? ''
  const count = run.match(KEY_CHARACTER)?.length ?? 0
  const isWhole = final || from + KEY_BYTES <= view.length
  const rest = text.slice(run.length)
  if (!isWhole && count <= KEY_CHARACTERS && /^(?:\\+|%[25]*)?$/.test(rest)) {
    return { end: from, isOver: false }
  }
  return { end: count === KEY_CHARACTERS ? from + run.length : from, isOver: true }
}
