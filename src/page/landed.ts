import type { Caller } from './caller.ts'

/** What the gateway says of an upload that was begun earlier. */
export type Landed =
  | { readonly state: 'open'; readonly bytes: number }
  | { readonly state: 'complete'; readonly ref: string; readonly expiresAt: string }
  | { readonly state: 'gone' }
  /** Nothing for this caller, though perhaps for another one. */
  | { readonly state: 'unknown' }

/** Asks how far an upload is; undefined where nobody can say now. */
export async function readLanded(
  caller: Caller,
  endpointId: string,
  uploadId: string,
): Promise<Landed | undefined> {
  const url = `${caller.baseUrl}/v2/${encodeURIComponent(endpointId)}/uploads/${uploadId}`
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${caller.key()}` } })
    if (response.status === 404) return { state: 'unknown' }
    if (response.status === 410) return { state: 'gone' }
    if (!response.ok) return undefined
    const { state, landed, ref, expiresAt } = await response.json()
    if (state === 'complete') return { state, ref, expiresAt }
    if (state !== 'open' || !Array.isArray(landed)) return { state: 'gone' }
    return { state, bytes: landed.reduce((sum: number, { size }) => sum + Number(size), 0) }
  } catch {
    return undefined
  }
}
