import type { Grant } from '../grants/grant.ts'
import type { CleanOptions } from '../scrub/clean.ts'
import type { Deps } from './deps.ts'

const message =
  'The job completed without an output: the platform drops one over its limit, so large outputs go through the job bucket, as bulkway_worker.py sends them'

/**
 * The hook for an answer that is a job in the shape of `status`: where the endpoint declares
 * outputs, COMPLETED without one gets an `error` that says so. The status stays as it is.
 */
export function withMissingOutput(
  deps: Deps,
  grant: Grant,
  onEnd?: CleanOptions['onEnd'],
): NonNullable<CleanOptions['onEnd']> {
  return async (facts) => {
    const members = await onEnd?.(facts)
    const { endpointId: endpoint } = grant
    const isMissing = facts.status === 'COMPLETED' && !facts.hasOutput && !facts.hasError
    if (!isMissing || deps.config.endpoint(endpoint)?.outputs === undefined) {
      return members ?? undefined
    }
    deps.log.write('warn', { event: 'output_missing', endpoint })
    const error = `"error":${JSON.stringify(message)}`
    return members ? `${members},${error}` : error
  }
}
