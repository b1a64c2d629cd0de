import { Secret } from '../log.ts'

/** A caller's key and the spelling it came in. */
export interface ApiKey {
  readonly key: Secret
  readonly scheme: 'bearer' | 'raw'
}

const longestKey = 4096

/**
 * Reads `Authorization: Bearer KEY` (the scheme in any case) or the raw key, as both are used by
 * RunPod's clients. Undefined when there is none, or another scheme, or several values.
 */
export function readApiKey(headers: Headers): ApiKey | undefined {
  const text = headers.get('authorization')?.trim() ?? ''
  const bearer = /^bearer(?:[ \t]+(.*))?$/i.exec(text)
  const key = bearer === null ? text : (bearer[1] ?? '')
  if (key.length > longestKey || !/^[\x21-\x7e]+$/.test(key)) return undefined
  return { key: new Secret(key), scheme: bearer === null ? 'raw' : 'bearer' }
}
