import { GatewayError } from '../../errors.ts'

const maxLength = 4096

/**
 * Reads `Upload-Metadata` (tus 1.0.0, Creation): pairs of a key and a base64 value, which may be
 * missing. Values are UTF-8; what is none has its faults replaced.
 *
 * @throws {GatewayError} invalid_request
 */
export function parseMetadata(header: string | undefined): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  if (header === undefined || header.trim() === '') return values
  if (header.length > maxLength) {
    throw invalid(`Send Upload-Metadata of at most ${maxLength} bytes: ${header.length} received`)
  }
  for (const pair of header.split(',')) {
    const match = /^([\x21-\x2b\x2d-\x7e]+)(?: +([A-Za-z0-9+/]*={0,2}))?$/.exec(pair.trim())
    const key = match?.[1]
    const value = decodeValue(match?.[2] ?? '')
    if (key === undefined || value === undefined || values.has(key)) {
      throw invalid('Send Upload-Metadata as pairs of a key, used once, and a base64 value')
    }
    values.set(key, value)
  }
  return values
}

function decodeValue(base64: string): string | undefined {
  try {
    const binary = atob(base64)
    return new TextDecoder().decode(Uint8Array.from(binary, (byte) => byte.charCodeAt(0)))
  } catch {
    return undefined
  }
}

function invalid(detail: string): GatewayError {
  return new GatewayError('invalid_request', detail)
}
