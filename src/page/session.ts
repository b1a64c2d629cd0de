/** What a reload brings back; all but the endpoint's id ends with the tab. */
export interface Session {
  endpointId: string
  key: string
  /** The text of the editor. */
  request: string
  /** Files that have landed, with their refs. */
  landed: readonly LandedFile[]
  /** The job that was sent last. */
  job: SentJob | undefined
}

export interface LandedFile {
  readonly name: string
  readonly size: number
  readonly lastModified: number
  readonly path: string
  readonly endpointId: string
  readonly ref: string
  readonly uploadId: string
  /** ISO 8601. */
  readonly expiresAt: string
}

export interface SentJob {
  readonly id: string
  readonly endpointId: string
  /** States so far, with the time at which each was seen, in milliseconds since the epoch. */
  readonly seen: readonly { readonly status: string; readonly at: number }[]
}

const prefix = 'bulkway-page:'

/** Reads what the tab and the browser remember. */
export function readSession(): Session {
  const read = (name: string) => sessionStorage.getItem(prefix + name)
  return {
    endpointId: localStorage.getItem(`${prefix}endpoint`) ?? '',
    key: read('key') ?? '',
    request: read('request') ?? '',
    landed: parse<LandedFile[]>(read('landed')) ?? [],
    job: parse<SentJob>(read('job')),
  }
}

/** Remembers one thing. */
export function remember<K extends keyof Session>(name: K, value: Session[K]): void {
  // A full store must not keep anybody from working.
  try {
    if (name === 'endpointId') localStorage.setItem(`${prefix}endpoint`, String(value))
    else if (value === undefined) sessionStorage.removeItem(prefix + name)
    else {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      sessionStorage.setItem(prefix + name, text)
    }
  } catch {}
}

/** Forgets all that the page has remembered. */
export function forgetSession(): void {
  for (const storage of [localStorage, sessionStorage]) {
    for (const key of Object.keys(storage)) if (key.startsWith(prefix)) storage.removeItem(key)
  }
}

function parse<T>(text: string | null): T | undefined {
  try {
    return text === null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
