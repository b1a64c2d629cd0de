import type { Reply } from '../../platform.ts'
import { maxParts } from '../../store/part-limit.ts'
import { checksumAlgorithms } from '../../uploads/tus/checksum.ts'
import type { Deps } from '../deps.ts'
import { tusVersion } from './protocol.ts'

/** Extensions that are spoken (tus 1.0.0). */
const extensions = ['creation', 'creation-with-upload', 'termination', 'expiration', 'checksum']

/** Bytes of the largest file that can come by tus: its parts are as large as a buffer of the pool. */
export function tusMaxBytes({ config, pool }: Pick<Deps, 'config' | 'pool'>): number {
  return Math.min(config.uploads.maxBytes, pool.partBytes * maxParts)
}

/** Says what can be done here by tus; the same for everybody. */
export function describeTus(deps: Pick<Deps, 'config' | 'pool'>): Reply {
  const headers = new Headers({
    'tus-version': tusVersion,
    'tus-extension': extensions.join(','),
    'tus-max-size': String(tusMaxBytes(deps)),
    'tus-checksum-algorithm': checksumAlgorithms.join(','),
  })
  return { status: 204, headers }
}
