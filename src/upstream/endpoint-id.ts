/** Whether a path segment can name an endpoint: 1 to 64 of `[A-Za-z0-9._-]`, and no dot segment. */
export function isEndpointId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text) && text !== '.' && text !== '..'
}

/** Whether a path segment can name a job: 1 to 128 of `[A-Za-z0-9._-]`, and no dot segment. */
export function isJobId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,128}$/.test(text) && text !== '.' && text !== '..'
}
