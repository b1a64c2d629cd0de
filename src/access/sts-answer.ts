import { XMLParser } from 'fast-xml-parser'
import { Secret } from '../log.ts'

/** Temporary keys, as STS gives them. */
export interface SessionKeys {
  readonly accessId: string
  readonly accessSecret: Secret
  readonly sessionToken: Secret
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** What STS says when it gives none. */
export interface StsError {
  readonly code: string
  readonly message: string
}

type Node = Readonly<Record<string, unknown>>

// A scrubber holds a literal whole; AWS's tokens are about 1 KiB, and some stores' longer.
const longest = 8192

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: true,
  removeNSPrefix: true,
  htmlEntities: true,
})

/** The keys in the answer to an action; undefined unless all four fields are there and make sense. */
export function readSessionKeys(xml: string, action: string): SessionKeys | undefined {
  const path = [`${action}Response`, `${action}Result`, 'Credentials']
  const credentials = path.reduce<Node | undefined>(child, parse(xml))
  if (credentials === undefined) return undefined
  const accessId = word(credentials, 'AccessKeyId', 256)
  const accessSecret = word(credentials, 'SecretAccessKey', 1024)
  const sessionToken = word(credentials, 'SessionToken', longest)
  const expiration = word(credentials, 'Expiration', 64)
  const expiresAt = Date.parse(expiration ?? '')
  if (accessId === undefined || accessSecret === undefined || sessionToken === undefined) {
    return undefined
  }
  if (!/^\d{4}-\d\d-\d\dT/.test(expiration ?? '') || Number.isNaN(expiresAt)) return undefined
  return {
    accessId,
    accessSecret: new Secret(accessSecret),
    sessionToken: new Secret(sessionToken),
    expiresAt,
  }
}

/** Code and message of an error, AWS's or S3's; undefined when the text is none. */
export function readStsError(xml: string): StsError | undefined {
  const root = parse(xml)
  const error = child(child(root, 'ErrorResponse'), 'Error') ?? child(root, 'Error')
  const code = error?.['Code']
  if (typeof code !== 'string' || !/^[\w.:-]{1,100}$/.test(code)) return undefined
  const message = error?.['Message']
  return { code, message: typeof message === 'string' ? message : '' }
}

function parse(xml: string): Node | undefined {
  // No answer of an STS has a DTD, and entities of one's own are how parsers are attacked.
  if (xml.includes('<!')) return undefined
  try {
    const parsed: unknown = parser.parse(xml, true)
    return isNode(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function child(node: Node | undefined, name: string): Node | undefined {
  const value = node?.[name]
  return isNode(value) ? value : undefined
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Printable text without spaces: anything else could not be sent as a header. */
function word(node: Node, name: string, max: number): string | undefined {
  const value = node[name]
  return typeof value === 'string' && value.length <= max && /^[!-~]+$/.test(value)
    ? value
    : undefined
}
