import type { components } from '../contract/types.gen.ts'
import { Secret } from '../log.ts'
import type { ConfigFault } from './config-error.ts'

type SecretReference = components['schemas']['SecretReference']

/** The value of an environment variable (Node) or secret binding (Workers); undefined when not set. */
export type SecretSource = (name: string) => string | undefined

/** Reads one secret; where there is none a fault is noted and the secret is empty. */
export type SecretReader = (reference: SecretReference, pointer: string) => Secret

/** Makes the reader of secrets; it adds to `faults` and never shows a value. */
export function createSecretReader(source: SecretSource, faults: ConfigFault[]): SecretReader {
  return function readSecret({ env }, pointer) {
    const value = source(env) ?? ''
    if (value.trim() === '') {
      const message = `Set the environment variable or secret ${env}: it is missing or empty`
      faults.push({ pointer, message })
    }
    return new Secret(value)
  }
}

/** Splits `kid:base64,…` into the master keys; whatever is wrong with one is noted as a fault. */
export function parseMasterKeys(
  text: Secret,
  pointer: string,
  faults: ConfigFault[],
): { kid: string; key: Secret }[] {
  if (text.reveal().trim() === '') return []
  const seen = new Set<string>()
  return text
    .reveal()
    .split(',')
    .map((entry, index) => {
      const colon = entry.indexOf(':')
      const kid = entry.slice(0, Math.max(colon, 0)).trim()
      const key = entry.slice(colon + 1).trim()
      const fault = faultOf(kid, key, seen)
      if (fault !== undefined) faults.push({ pointer, message: `Master key ${index + 1} ${fault}` })
      seen.add(kid)
      return Object.freeze({ kid, key: new Secret(key) })
    })
}

function faultOf(kid: string, key: string, seen: ReadonlySet<string>): string | undefined {
  if (!/^[a-z0-9]{1,8}$/.test(kid)) {
    return 'must be written kid:base64, the kid 1 to 8 of a–z and 0–9'
  }
  if (seen.has(kid)) return `has the kid "${kid}" of an earlier one`
  const bytes = lengthOfBase64(key)
  if (bytes === undefined) return `("${kid}") is not base64`
  return bytes < 32 ? `("${kid}") has ${bytes} bytes, 32 are needed` : undefined
}

function lengthOfBase64(text: string): number | undefined {
  try {
    return atob(text).length
  } catch {
    return undefined
  }
}
