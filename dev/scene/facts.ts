import { createHash, randomFillSync } from 'node:crypto'
import { asObject } from '../platform/job.ts'
import { leakForms } from '../worker/leak.ts'

/** A random file, as base64 and as the digest of its bytes. */
export function makeFile(bytes: number): { readonly base64: string; readonly sha256: string } {
  const file = Buffer.allocUnsafe(bytes)
  const block = 64 * 1_048_576
  for (let at = 0; at < bytes; at += block) randomFillSync(file, at, Math.min(block, bytes - at))
  return {
    base64: file.toString('base64'),
    sha256: createHash('sha256').update(file).digest('hex'),
  }
}

/** Length and digest of what a link leads to. */
export async function download(url: string): Promise<{ bytes: number; sha256: string }> {
  const response = await fetch(url)
  if (response.status !== 200 || response.body === null) {
    throw new Error(`The link answers ${response.status}`)
  }
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of response.body) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** Names of the secrets that stand in `text`, in whatever form. */
export function secretsIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name)
}

function formsOf(secret: string): string[] {
  const { raw, urlEncoded, urlEncodedTwice, hex, upperHex } = leakForms(secret)
  const forms = [raw, urlEncoded, urlEncodedTwice, hex, upperHex].flatMap((form) => form ?? [])
  for (const shift of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)])
    // Characters that hold bits of a neighbour are not the secret's own.
    const from = shift === 0 ? 0 : shift + 1
    const to = shifted.length % 3 === 0 ? undefined : -1
    for (const encoding of ['base64', 'base64url'] as const) {
      forms.push(shifted.toString(encoding).replace(/=+$/, '').slice(from, to))
    }
  }
  return forms
}

/** A member of nested JSON, or undefined. */
export function memberOf(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value
  for (const name of path) {
    found = Array.isArray(found) ? found[Number(name)] : asObject(found)?.[`${name}`]
  }
  return found
}
