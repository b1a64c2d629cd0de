import type { Config } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { JobFolder } from '../../store/keys.ts'
import type { Admission } from '../admit.ts'
import type { Call } from '../deps.ts'
import { type LiftPlan, stillTooLarge, tooLarge } from '../plan-submit.ts'

/** What in a small body concerns the gateway, in any spelling: an escaped key has a `\u` in it. */
const marker = /bulkway:|webhook|s3_?config|\\u/i

/** How a body with several requests is taken, decided from its head. */
export interface ItemsPlan extends LiftPlan {
  readonly within: 'items'
  /** The body is small and read whole first; `parse` says whether it must then be looked into. */
  readonly whole: boolean
  parse(bytes: Uint8Array): boolean
  readonly items: LiftPlan['items'] & {
    /** Pointer of the list of items. */
    readonly above: string
    /** Number of the item that a pointer leads into; -1 where there is none. */
    itemAt(pointer: string): number
  }
}

/**
 * Decides how the requests that are added to a batch are taken: a top-level array of them, or an array
 * in a member `requests`.
 *
 * @throws {GatewayError} content_encoding, body_too_large
 */
export function planItems(
  config: Config,
  call: Call,
  { endpoint }: Admission,
  form: 'array' | 'requests',
  newFolder: () => JobFolder,
): ItemsPlan {
  const coding = call.headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  if (!['', 'identity'].includes(coding)) {
    const detail = `Cannot read a body with Content-Encoding ${coding.slice(0, 40)}: send it uncompressed`
    throw new GatewayError('content_encoding', detail)
  }
  // The platform takes as much in one call as for one job.
  const { as, runMaxBytes: maxBytes } = endpoint
  const size = call.contentLength
  const isOver = size === undefined || size > maxBytes
  if (as === undefined && size !== undefined && isOver) {
    throw tooLarge(call.endpointId, 'run', maxBytes, size)
  }
  const lift = as !== undefined && (isOver || endpoint.stage === 'always')
  const always =
    endpoint.s3Config === 'always' ||
    (as !== undefined && endpoint.rules.some(({ stage }) => stage === true)) ||
    (lift && (size ?? 0) > endpoint.stageMinBytes)
  const folders = new Map<number, JobFolder>()
  const above = form === 'array' ? '' : '/requests'
  function itemAt(pointer: string): number {
    const number = pointer.startsWith(`${above}/`)
      ? pointer.slice(above.length + 1).split('/')[0]
      : undefined
    return /^\d+$/.test(number ?? '') ? Number(number) : -1
  }

  return {
    maxBytes,
    within: 'items',
    items: {
      depth: form === 'array' ? 2 : 3,
      above,
      itemAt,
      pattern: `${above}/*/input`,
      folderOf(pointer) {
        const item = itemAt(pointer)
        const folder = folders.get(item) ?? newFolder()
        folders.set(item, folder)
        return folder
      },
    },
    lift,
    whole: size !== undefined && size <= config.limits.smallBodyBytes,
    parse: (bytes) => always || marker.test(new TextDecoder('latin1').decode(bytes)),
    tooLarge: (actual) =>
      as === undefined
        ? tooLarge(call.endpointId, 'run', maxBytes, actual ?? maxBytes + 1)
        : stillTooLarge('run', maxBytes, actual),
  }
}
