/** The head of a data URI, up to and including its comma. */
export interface DataUriHead {
  /** Type and subtype in lower case, parameters as they came; printable ASCII only. */
  readonly mediaType: string | undefined
}

const HEAD = /^data:([^,]*);base64,$/i
const MEDIA_TYPE = /^([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)((?:;[ -:<-~]*)*)$/i

/**
 * Parses `data:[mediatype][;params];base64,` (RFC 2397); undefined when it is something else. A
 * media type that is not one is dropped, as browsers do.
 */
export function parseDataUriHead(text: string): DataUriHead | undefined {
  const head = HEAD.exec(text)?.[1]
  if (head === undefined) return undefined
  const parts = MEDIA_TYPE.exec(head)
  if (parts?.[1] === undefined) return { mediaType: undefined }
  return { mediaType: parts[1].toLowerCase() + (parts[2] ?? '') }
}
