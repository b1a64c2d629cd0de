/** What every ref begins with. */
export const refMarker = 'bulkway:'

/** The string that a client places in a request to mean an upload. */
export function refOf(uploadId: string): string {
  return `${refMarker}${uploadId}`
}

/** The upload id of a ref; undefined when the text is none. */
export function readRef(text: string): string | undefined {
  return /^bulkway:([a-z2-7]{26})$/.exec(text)?.[1]
}
