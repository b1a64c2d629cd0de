import type { StagedObject, StagedWriter } from '../store/staged-writer.ts'

/** A file of a form, or a raw body, that is about to be staged. */
export interface ArrivingFile {
  /** Counted from 0 in the order of arrival. */
  readonly index: number
  /** RFC 6901 pointer of where it belongs; of an array's item, that of the array. */
  readonly pointer: string
  /** As the client has it: perhaps with a path. */
  readonly filename?: string
  /** As the client declares it. */
  readonly mediaType?: string
}

/** Where files go. */
export interface FileStaging {
  /** Awaited once, before the first byte is staged: the place to prove the caller's key. */
  beforeStaging(): Promise<void>
  open(file: ArrivingFile): StagedWriter
  /** Removes an object again, when a later part of the body turns out bad. */
  discard(object: StagedObject): Promise<void>
}

/** A request as JSON and the files that belong into it. */
export interface StagedFiles {
  /** The request, a string `bulkway:form/{n}` where the n-th file belongs. */
  readonly text: Uint8Array
  readonly files: readonly StagedObject[]
}

/** The JSON text that stands for a file until it is known what the worker gets in its place. */
export function fileMark(index: number): string {
  return `"bulkway:form/${index}"`
}
