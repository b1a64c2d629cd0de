import { GatewayError } from '../errors.ts'

/** Algorithms of RFC 9530 that are not broken. */
export type DigestAlgorithm = 'sha-256' | 'sha-512'

/** A digest that a request says its body has. */
export interface AnnouncedDigest {
  readonly algorithm: DigestAlgorithm
  readonly value: Uint8Array
  /** The header it stands in. */
  readonly header: string
}

const lengths: Readonly<Record<string, number>> = { 'sha-256': 32, 'sha-512': 64 }

// A dictionary member of RFC 8941: a key, perhaps an item or a list, parameters.
const item = String.raw`:[A-Za-z0-9+/=]*:|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[\w!#$%&'*+.^|~/?-][^\s,;"()]*`
const list = String.raw`\((?:[^()"]|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*")*\)`
const key = '[a-z*][a-z0-9_.*-]*'
const memberForm = new RegExp(
  String.raw`[ \t]*(${key})(?:=(${item}|${list}))?(?:;[ ]*${key}(?:=(?:${item}))?)*[ \t]*(?:,|$)`,
  'y',
)

/**
 * The digests that `Content-Digest` and `Repr-Digest` (RFC 9530) announce, of algorithms that are
 * known; without a content coding both are those of the body.
 *
 * @throws {GatewayError} invalid_request for a header that cannot be read
 */
export function readAnnouncedDigests(headers: Headers): AnnouncedDigest[] {
  return ['content-digest', 'repr-digest'].flatMap((header) => {
    const text = headers.get(header)
    return text === null ? [] : readDictionary(header, text)
  })
}

function readDictionary(header: string, text: string): AnnouncedDigest[] {
  const values = new Map<string, string>()
  memberForm.lastIndex = 0
  while (memberForm.lastIndex < text.length) {
    const match = memberForm.exec(text)
    if (match?.[1] === undefined) throw unreadable(header)
    values.set(match[1], match[2] ?? '')
    if (!match[0].endsWith(',')) break
    if (memberForm.lastIndex === text.length) throw unreadable(header)
  }
  const digests: AnnouncedDigest[] = []
  for (const algorithm of ['sha-256', 'sha-512'] as const) {
    const spelled = values.get(algorithm)
    if (spelled === undefined) continue
    const value = decode(spelled)
    if (value === undefined || value.length !== lengths[algorithm]) throw unreadable(header)
    digests.push({ algorithm, value, header })
  }
  return digests
}

function decode(spelled: string): Uint8Array | undefined {
  const text = /^:((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}=*)?):$/.exec(spelled)?.[1]
  if (text === undefined) return undefined
  try {
    return Uint8Array.from(atob(text.replace(/=+$/, '')), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

function unreadable(header: string): GatewayError {
  return new GatewayError('invalid_request', `Cannot read ${header}: send "sha-256=:…:" in base64`)
}
