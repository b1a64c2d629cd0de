import { Secret } from '../log.ts'

/** A caller's key and the spelling it came in. */
export interface ApiKey {
  readonly key: Secret
  readonly scheme: 'bearer' | 'raw'
}

/** Characters that a key, and a token of the gateway's own, has at most. */
export const longestKey = 4096

/**
 * Reads `Authorization: Bearer KEY` (the scheme in any case) or the raw key, as both are used by
 * RunPod's clients. Undefined when there is none, or another scheme, or several values, or one of
 * more than `longest` characters.
 */
export function readApiKey(headers: Headers, longest: number = longestKey): ApiKey | undefined {
  const text = headers.get('authorization')?.trim() ?? ''
  const bearer = /^bearer(?:[ \t]+(.*))?$/i.exec(text)
  const key = bearer === null ? text : (bearer[1] ?? '')
  if (key.length > longest || !/^[\x21-\x7e]+$/.test(key)) return undefined
  return { key: new Secret(key), scheme: bearer === null ? 'raw' : 'bearer' }
}
