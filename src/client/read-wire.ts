import { BulkwayError } from './bulkway-error.ts'
import { membersOf } from './gateway.ts'
import type {
  CompleteUpload,
  ExistingUpload,
  Job,
  LandedPart,
  SignedPart,
  SignedParts,
  StartedUpload,
  UploadProgress,
} from './wire.ts'

// An answer may come from anything between, so what the client relies on is looked at once, here.
// Each throws `invalid_answer`.

/** Reads the answer to the start of an upload. */
export function readStarted(value: unknown): StartedUpload | ExistingUpload {
  const members = membersOf(value)
  const { uploadId, ref, expiresAt } = readNames(members)
  if (members['exists'] === true) {
    return { exists: true, uploadId, ref, expiresAt, size: count(members, 'size') }
  }
  return {
    uploadId,
    ref,
    expiresAt,
    partSize: count(members, 'partSize'),
    partCount: count(members, 'partCount'),
    urlsExpireAt: text(members, 'urlsExpireAt'),
    parts: list(members, 'parts').map(readSignedPart),
  }
}

/** Reads how far an upload is. */
export function readProgress(value: unknown): UploadProgress {
  const members = membersOf(value)
  return {
    ...readNames(members),
    state: readState(members['state']),
    size: count(members, 'size'),
    partSize: count(members, 'partSize'),
    partCount: count(members, 'partCount'),
    landed: list(members, 'landed').map(readLandedPart),
    ...readFile(members),
  }
}

/** Reads parts that were signed on demand. */
export function readSignedParts(value: unknown): SignedParts {
  const members = membersOf(value)
  const parts = list(members, 'parts').map(readSignedPart)
  return {
    parts,
    urlsExpireAt: text(members, 'urlsExpireAt'),
    expiresAt: text(members, 'expiresAt'),
  }
}

/** Reads the answer to the completion of an upload. */
export function readComplete(value: unknown): CompleteUpload {
  const members = membersOf(value)
  return { ...readNames(members), size: count(members, 'size'), ...readFile(members) }
}

/** Reads a job. */
export function readJob(value: unknown): Job {
  const members = membersOf(value)
  return { ...members, id: text(members, 'id'), status: text(members, 'status') }
}

type Members = Readonly<Record<string, unknown>>

function readNames(members: Members): { uploadId: string; ref: string; expiresAt: string } {
  return {
    uploadId: text(members, 'uploadId'),
    ref: text(members, 'ref'),
    expiresAt: text(members, 'expiresAt'),
  }
}

function readState(value: unknown): UploadProgress['state'] {
  return value === 'open' || value === 'complete' || value === 'failed' ? value : refuse('state')
}

function readFile({ filename, contentType }: Members) {
  return {
    ...(typeof filename === 'string' && { filename }),
    ...(typeof contentType === 'string' && { contentType }),
  }
}

function readSignedPart(value: unknown): SignedPart {
  const members = membersOf(value)
  const headers = Object.entries(membersOf(members['headers'])).map(([name, one]) => [
    name,
    String(one),
  ])
  return {
    partNumber: count(members, 'partNumber'),
    method: 'PUT',
    url: text(members, 'url'),
    headers: Object.fromEntries(headers),
  }
}

function readLandedPart(value: unknown): LandedPart {
  const members = membersOf(value)
  return { partNumber: count(members, 'partNumber'), etag: text(members, 'etag') }
}

function text(members: Members, name: string): string {
  const value = members[name]
  return typeof value === 'string' ? value : refuse(name)
}

function count(members: Members, name: string): number {
  const value = members[name]
  return typeof value === 'number' && value >= 0 ? value : refuse(name)
}

function list(members: Members, name: string): readonly unknown[] {
  const value = members[name]
  return Array.isArray(value) ? value : refuse(name)
}

function refuse(name: string): never {
  throw new BulkwayError('invalid_answer', 200, `Cannot read the answer: "${name}" is missing`)
}
