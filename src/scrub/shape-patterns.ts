/** How secrets that no grant knows are told by what stands before them, and where they end. */

import type { ShapeRule as ShapeName } from '../config/config.ts'

export type { ShapeName }

/** A value that is told by the bytes before it. */
export interface ValueShape {
  readonly name: ShapeName
  /** Bytes at the end of the pattern that are of the value. */
  readonly back: number
  /**
   * What ends it: a tag or the end of its string (`element`), the quote that began it (`quoted`),
   * what is not of a URL's parameter (`parameter`); `key`: exactly 40 characters, or it is none.
   */
  readonly until: 'element' | 'quoted' | 'parameter' | 'key'
  /** Backslashes before the quote that began it. */
  readonly level: number
  readonly quote: string
}

/** A secret that begins with a name of its own, with `_` at the end of it. */
export interface TokenShape {
  readonly name: ShapeName
  readonly prefix: string
  readonly least: number
  readonly most: number
  /** Whether `-` and `_` may be in it. */
  readonly urlSafe: boolean
}

export const TOKENS: readonly TokenShape[] = [
  { name: 'runpod-key', prefix: 'rpa_', least: 30, most: 64, urlSafe: false },
  { name: 'runpod-key', prefix: 'rps_', least: 30, most: 64, urlSafe: false },
  { name: 'gateway-key', prefix: 'bw_', least: 43, most: 43, urlSafe: true },
  { name: 'huggingface-token', prefix: 'hf_', least: 30, most: 64, urlSafe: false },
  { name: 'github-token', prefix: 'ghp_', least: 36, most: 36, urlSafe: false },
  { name: 'github-token', prefix: 'gho_', least: 36, most: 36, urlSafe: false },
  { name: 'github-token', prefix: 'ghs_', least: 36, most: 36, urlSafe: false },
  { name: 'github-token', prefix: 'github_pat_', least: 82, most: 82, urlSafe: true },
]

/** Bytes of the shortest pattern: it sets how many bytes a search may skip for all of them. */
const LEAST = 19
const METHODS = ['GET', 'PUT', 'POST', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS']
const NEWLINES = ['\n', '\\n', '\\\\n']
/** What an element of an AWS error begins with, for where its name alone would be too short. */
const ELEMENTS: readonly (readonly [name: string, beginnings: readonly string[]])[] = [
  [
    'StringToSign',
    ['AWS4-HMAC', ...METHODS.flatMap((one) => NEWLINES.map((end) => one + end + end))],
  ],
  ['StringToSignBytes', []],
  ['CanonicalRequest', METHODS],
  ['CanonicalRequestBytes', []],
  ['SignatureProvided', []],
]
const TAGS: readonly (readonly [open: string, close: string])[] = [
  ['<', '>'],
  ['&lt;', '&gt;'],
  ['\\u003c', '\\u003e'],
  ['\\u003C', '\\u003E'],
  ['\\\\u003c', '\\\\u003e'],
  ['\\u0026lt;', '\\u0026gt;'],
]
/** Quotes around a name and its value, by how deep in JSON strings they stand. */
const QUOTES = ['"', '\\"', '\\\\\\"', "'"]
const SEPARATORS = [':', ': ']
/** What stands between two elements of an answer, indented or not. */
const SPACES = ['', ...NEWLINES.flatMap((end) => [0, 2, 4, 6, 8].map((n) => end + ' '.repeat(n)))]
const SECRET_NAMES = [
  'SecretAccessKey',
  'secretAccessKey',
  'secret_access_key',
  'SECRET_ACCESS_KEY',
]
const PARAMETERS = [
  ...['X-Amz', 'X-Goog', 'x-oss', 'x-cos', 'X-Tos', 'x-obs'].flatMap((one) => [
    `${one}-Signature`,
    `${one}-Security-Token`,
  ]),
  ...['?Signature', '&Signature', '&sig', '?sig', 'q-signature'],
]
const EQUALS = ['=', '%3D', '%3d', '\\u003d']

type Add = (pattern: string, until: ValueShape['until'], back?: number, quote?: string) => void

const tables: Partial<Record<ShapeName, (add: Add) => void>> = {
  'aws-error'(add) {
    for (const [name, beginnings] of ELEMENTS) {
      for (const [open, close] of TAGS) {
        const head = open + name + close
        if (head.length >= LEAST) add(head, 'element')
        else for (const one of beginnings) add(head + one, 'element', one.length)
      }
      for (const quote of QUOTES) {
        for (const separator of SEPARATORS) {
          const head = quote + name + quote + separator + quote
          const [first = ''] = head.length < LEAST ? beginnings : []
          add(head + first, 'quoted', first.length, quote)
        }
      }
    }
    // SigV2 with a body: a digest may stand in the second line.
    for (const method of ['PUT', 'POST']) {
      add(`Id><StringToSign>${method}`, 'element', method.length)
      add(`Id>\n  <StringToSign>${method}`, 'element', method.length)
    }
  },
  'aws-secret'(add) {
    for (const name of SECRET_NAMES) {
      for (const quote of QUOTES) {
        for (const separator of SEPARATORS) add(quote + name + quote + separator + quote, 'key')
      }
      // None begins with white space: the end of an event must not wait for what comes.
      for (const space of SPACES) add(`Id>${space}<${name}>`, 'key')
      add(`&lt;${name}&gt;`, 'key')
    }
    for (const name of ['aws_secret_access_key', 'AWS_SECRET_ACCESS_KEY']) {
      for (const equals of ['=', ' = ', ': ', '="', "='", '=\\"']) add(name + equals, 'key')
    }
  },
  'presigned-url'(add) {
    for (const name of PARAMETERS) {
      for (const spelt of new Set([name, name.toLowerCase()])) {
        for (const equals of EQUALS) add(spelt + equals, 'parameter')
      }
    }
  },
}

/** The patterns of these rules, binary strings, each with what it tells. */
export function shapePatterns(names: readonly ShapeName[]): Map<string, ValueShape> {
  const out = new Map<string, ValueShape>()
  for (const name of names) {
    tables[name]?.((pattern, until, back = 0, quote = '') => {
      out.set(pattern, { name, until, back, quote: quote.at(-1) ?? '', level: quote.length - 1 })
    })
  }
  return out
}
