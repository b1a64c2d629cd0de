/** An answer of the volume's S3 API that is no success. */
export class Refusal extends Error {
  override name = 'Refusal' as const
  readonly status: number
  /** S3's word for it; empty where an edge in front answers with a page. */
  readonly code: string

  constructor(status: number, code: string, message = code) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** What POSIX refuses, in S3's words; other errors stay as they are. */
export function refusalOf(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOENT':
      return new Refusal(404, 'NoSuchKey', 'The specified key does not exist')
    case 'EISDIR':
    case 'EEXIST':
    case 'ENOTEMPTY':
      return new Refusal(409, 'ObjectExistsAsDirectory', 'There is a directory of that name')
    case 'ENOTDIR':
      return new Refusal(409, 'ParentIsObject', 'A part of the path is a file')
    case 'ENAMETOOLONG':
      return new Refusal(400, 'KeyTooLongError', 'A part of the path is too long for a file name')
    case 'ENOSPC':
      return new Refusal(507, 'InsufficientStorage', 'The volume is full')
    default:
      return error
  }
}
