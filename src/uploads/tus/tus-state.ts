/** How far an upload by tus has come; part of its record. */
export interface TusState {
  /** Bytes that are in the store for good: what a client may go on from. */
  readonly offset: number
  /** ETags of the parts that have landed, in order, all of them of the upload's part size but the last. */
  readonly etags: readonly string[]
  /** What has come since the last part and is too little for one, in order. */
  readonly tail: readonly TailPiece[]
  /** `Upload-Metadata` as it came. */
  readonly metadata?: string
  /** Who writes just now. */
  readonly lease?: Lease
}

/** Bytes that wait in an object of their own for the part that they will be the start of. */
export interface TailPiece {
  readonly key: string
  readonly size: number
}

/** The right to write, for one request. */
export interface Lease {
  /** A random name. */
  readonly holder: string
  /** Milliseconds since the epoch; who has not renewed it by then may be replaced. */
  readonly until: number
}

/** What a request adds to an upload. */
export type TusProgress = Pick<TusState, 'offset' | 'etags' | 'tail'>

/** Milliseconds for which a lease is taken, and renewed while bytes arrive. */
export const leaseMs = 60_000

/** Whether somebody else may be writing. */
export function isLeased({ lease }: TusState, now: number): boolean {
  return lease !== undefined && lease.until > now
}

/** The state without its lease. */
export function withoutLease({ lease: _over, ...rest }: TusState): TusState {
  return rest
}

/** Bytes of the pieces together. */
export function tailBytes(tail: readonly TailPiece[]): number {
  return tail.reduce((sum, piece) => sum + piece.size, 0)
}
