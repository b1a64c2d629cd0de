import type { S3Config } from '../access/minter.ts'
import type { NativeAccess, PayloadForm } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Edit } from '../json/render.ts'
import type { LiftRule } from '../json/rules.ts'
import type { FoundRef } from '../json/splicer.ts'
import { type JobFolder, outputPrefix } from '../store/keys.ts'
import { workerPath } from '../store/volume/volume-path.ts'
import { type DirectoryRef, isDirectoryRef, readDirectoryRef } from '../uploads/ref.ts'
import type { Call, Deps } from './deps.ts'
import type { LiftPlan } from './plan-submit.ts'
import { type RequestSession, sessionHeader, sessionPath } from './sessions/request-session.ts'

/** A string of a request that means a directory of its job. */
export interface PlacedDirectory extends FoundRef {
  readonly directory: DirectoryRef
}

/** The job whose directories are named. */
export interface DirectoryJob {
  readonly folder: JobFolder
  readonly storeId: string
  readonly session: RequestSession | undefined
  /** Absent: the job bucket. */
  readonly native?: NativeAccess | undefined
  readonly s3Config?: Pick<S3Config, 'bucketName'> | undefined
}

/**
 * Parts what means a directory from what means a file.
 *
 * @throws {GatewayError} invalid_request for a directory where there is no job, for a session where the
 *   request names none, and for a path that leads out of it
 */
export function partDirectories(
  { headers }: Pick<Call, 'headers'>,
  { within }: Pick<LiftPlan, 'within'>,
  found: readonly FoundRef[],
): { directories: PlacedDirectory[]; files: FoundRef[] } {
  const files = found.filter(({ text }) => !isDirectoryRef(text))
  const directories = found
    .filter(({ text }) => isDirectoryRef(text))
    .map((ref) => {
      const { pointer, text } = ref
      const directory = readDirectoryRef(text)
      if (directory === undefined) {
        throw refused('Name a path below the directory without empty, . or .. segments', pointer)
      }
      if (within !== 'input') {
        throw refused('Cannot name a directory here: only run and runsync submit one job', pointer)
      }
      if (directory.of === 'session' && !headers.has(sessionHeader)) {
        throw refused('Cannot use bulkway:session: name the session in Bulkway-Session', pointer)
      }
      return { ...ref, directory }
    })
  return { directories, files }
}

/**
 * What stands for directories: a path on the worker's volume, without a slash at its end, or a prefix
 * of keys, with one, empty for the job bucket's root.
 *
 * @throws {GatewayError} invalid_request where the worker is given links
 */
export function directoryEdits(
  { config }: Pick<Deps, 'config'>,
  directories: readonly PlacedDirectory[] = [],
  job: DirectoryJob,
  formOf: (rule: LiftRule | undefined) => PayloadForm,
): Edit[] {
  const volume = config.stores.get(job.storeId)?.volume
  return directories.map(({ directory, start, end, rule, pointer }) => {
    const form = formOf(rule)
    if (form === 'url') {
      const detail = 'Cannot name a directory where the worker is given links: it has no link'
      throw refused(detail, pointer)
    }
    if (form === 'path' && volume !== undefined) {
      const path = workerPath(volume, realPrefix(job, directory)).slice(0, -1)
      return { start, end, text: JSON.stringify(path) }
    }
    const prefix = job.native === undefined ? virtual(directory) : realPrefix(job, directory)
    const text = form === 's3-uri' ? `s3://${job.s3Config?.bucketName}/${prefix}` : prefix
    return { start, end, text: JSON.stringify(text) }
  })
}

function virtual({ of, below }: DirectoryRef): string {
  return of === 'session' ? sessionPath + below : below
}

function realPrefix({ folder, session }: DirectoryJob, { of, below }: DirectoryRef): string {
  return (of === 'session' ? (session?.prefix ?? '') : outputPrefix(folder)) + below
}

function refused(detail: string, pointer: string): GatewayError {
  return new GatewayError('invalid_request', detail, { pointer })
}
