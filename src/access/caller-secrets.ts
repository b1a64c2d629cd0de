import { GatewayError } from '../errors.ts'
import type { GrantSecret } from '../grants/grant.ts'
import { Secret } from '../log.ts'

/** Names in lower case without `_` and `-`; workers in the field use all of these. */
const secretNames: ReadonlyMap<string, string> = new Map([
  ['accesssecret', 'caller secret'],
  ['secret', 'caller secret'],
  ['secretkey', 'caller secret'],
  ['secretaccesskey', 'caller secret'],
  ['awssecretaccesskey', 'caller secret'],
  ['sessiontoken', 'caller token'],
  ['awssessiontoken', 'caller token'],
  ['securitytoken', 'caller token'],
  ['token', 'caller token'],
])

/** Shorter ones (`test`, `minio12`) are words that answers hold for other reasons. */
const shortest = 8
/** AWS session tokens are about 1 KiB, at most some; the scrubber must hold a literal whole. */
const longest = 8192
const deepest = 16

/**
 * The literals to scrub of a caller's own `s3Config`, whatever its fields are called and however
 * deep they lie. Secrets under 8 characters are left out; so are access ids, which are no secret
 * and stand in every link that the caller's worker presigns.
 *
 * @throws {GatewayError} invalid_request for a secret of more than 8192 characters
 */
export function callerSecrets(s3Config: unknown): GrantSecret[] {
  const found = new Map<string, GrantSecret>()
  collect(s3Config, 0, found)
  return [...found.values()]
}

function collect(value: unknown, depth: number, found: Map<string, GrantSecret>): void {
  if (typeof value !== 'object' || value === null || depth > deepest) return
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== 'string') {
      collect(member, depth + 1, found)
      continue
    }
    const kind = secretNames.get(name.toLowerCase().replace(/[_-]/g, ''))
    if (kind !== undefined) add(found, kind, member)
    else addUserinfo(found, member)
  }
}

function add(found: Map<string, GrantSecret>, kind: string, text: string): void {
  if (text.length < shortest) return
  if (text.length > longest) {
    throw new GatewayError('invalid_request', `Shorten the secrets in s3Config`, {
      limit: longest,
      actual: text.length,
    })
  }
  found.set(text, { kind, value: new Secret(text) })
}

/** `https://id:secret@host`, in whatever field a URL stands. */
function addUserinfo(found: Map<string, GrantSecret>, text: string): void {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@:]*:([^/?#]+)@/i.exec(text)?.[1]
  if (password !== undefined) add(found, 'caller secret', password)
}
