import { onceBody } from '../bytes/once-body.ts'
import { GatewayError } from '../errors.ts'
import { readRawRequest } from '../intake/raw-request.ts'
import { stageForm } from '../intake/stage-form.ts'
import { stageRaw } from '../intake/stage-raw.ts'
import type { ArrivingFile, FileStaging } from '../intake/staged-file.ts'
import { readBoundary } from '../multipart/boundary.ts'
import type { Body } from '../platform.ts'
import { endingOf } from '../store/file-name.ts'
import { inputPrefix, type JobFolder, payloadName } from '../store/keys.ts'
import { readMediaType } from '../store/media-type.ts'
import { createStagedWriter, type StagedObject } from '../store/staged-writer.ts'
import type { Admission } from './admit.ts'
import { readBodyKind } from './body-kind.ts'
import { writerFor } from './content/address-content.ts'
import type { Call, Deps } from './deps.ts'
import { admitStaging } from './volume/admit-staging.ts'

/** What a request's JSON is read from. */
export interface Source {
  readonly body: Body
  /** Staged already: `bulkway:form/{n}` in the JSON means the n-th, from 0. */
  readonly files: readonly StagedObject[]
}

/**
 * Makes JSON of any body, staging the files of a form, or the one that a raw body is, under `stage`.
 *
 * @throws {GatewayError} as `stageForm` and `stageRaw`; nothing stays in the store then
 */
export async function readSource(
  deps: Deps,
  call: Call & { body: Body },
  admission: Admission,
  stage: JobFolder,
  textMaxBytes: number,
): Promise<Source> {
  const { headers, search, body } = call
  const kind = readBodyKind(headers)
  if (kind === 'json') return { body, files: [] }
  const staging = stagingIn(deps, call, admission, stage)
  const { limits } = deps.config
  const { bytes } = deps.platform
  const common = { ...staging, body, bytes, limits }
  const { text, files } =
    kind === 'form'
      ? await stageForm({
          ...common,
          boundary: readBoundary(headers.get('content-type') ?? ''),
          textMaxBytes,
        })
      : await stageRaw({
          ...common,
          request: readRawRequest(headers, search),
          announcedBytes: call.contentLength,
        })
  return { body: onceBody(text), files }
}

function stagingIn(deps: Deps, call: Call, admission: Admission, stage: JobFolder): FileStaging {
  const { config, platform, pool } = deps
  const store = deps.store(admission.endpoint.storeId)
  if (store === undefined) throw new GatewayError('misconfigured', 'The endpoint has no store')
  return {
    beforeStaging: () => admitStaging(deps, call, admission),
    discard: ({ key }) => store.delete(key),
    open({ index, pointer, mediaType, filename = '' }: ArrivingFile) {
      const writer = createStagedWriter({
        store,
        pool,
        platform,
        partBytes: config.staging.partBytes,
        partsInFlight: config.staging.partsInFlight,
        async name(first) {
          const { contentType, extension } = await readMediaType(first, mediaType)
          // What nobody knows may still be known by its name.
          const ending = extension === 'bin' ? endingOf(filename)?.toLowerCase() : undefined
          const name = payloadName(index, pointer, ending ?? extension)
          return { key: inputPrefix(stage) + name, contentType }
        },
      })
      return writerFor(admission.endpoint, platform, index, writer)
    },
  }
}
