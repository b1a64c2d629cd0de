import { BulkwayError } from '../client-node/client.ts'

/** What the command line ends with; part of its contract, as scripts ask for it. */
export const exitCodes = {
  fine: 0,
  jobFailed: 1,
  usage: 2,
  refused: 3,
  unavailable: 4,
  fileUnreadable: 5,
  /** As a shell has it for SIGINT. */
  interrupted: 130,
} as const

/** A command that cannot be understood. */
export class UsageError extends Error {
  override name = 'UsageError' as const
}

/** The exit code of what went wrong. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage
  if (!(error instanceof BulkwayError)) return exitCodes.unavailable
  if (error.code === 'file_unreadable') return exitCodes.fileUnreadable
  if (error.code === 'unauthorized') return exitCodes.refused
  const later = error.status === 408 || error.status === 429
  return error.status >= 400 && error.status < 500 && !later
    ? exitCodes.refused
    : exitCodes.unavailable
}
