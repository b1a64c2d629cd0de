/** What every ref begins with. */
export const refMarker = 'bulkway:'

/** A directory of a job that a client names in a request. */
export interface DirectoryRef {
  /** `session`: what its session's jobs share; `output`: the job's own outputs. */
  readonly of: 'session' | 'output'
  /** What is meant below it, with a slash at its end; empty for the directory itself. */
  readonly below: string
}

/** The string that a client places in a request to mean an upload. */
export function refOf(uploadId: string): string {
  return `${refMarker}${uploadId}`
}

/** The upload id of a ref; undefined when the text is none. */
export function readRef(text: string): string | undefined {
  return /^bulkway:([a-z2-7]{26})$/.exec(text)?.[1]
}

/** Whether a text means a directory, be its path as it may. */
export function isDirectoryRef(text: string): boolean {
  return /^bulkway:(session|output)(\/|$)/.test(text)
}

/** The directory that `bulkway:session` or `bulkway:output`, with a path perhaps, means; undefined for a path that leads elsewhere. */
export function readDirectoryRef(text: string): DirectoryRef | undefined {
  const match = /^bulkway:(session|output)(?:\/(.*))?$/s.exec(text)
  const of = match?.[1]
  if (of !== 'session' && of !== 'output') return undefined
  const path = match?.[2]
  if (path === undefined) return { of, below: '' }
  const isPlain = path.split('/').every((segment) => !/^\.{0,2}$/.test(segment))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const isForeign = /[\u0000-\u001f\u007f\\]/.test(path) || !path.isWellFormed()
  return isPlain && !isForeign ? { of, below: `${path}/` } : undefined
}
