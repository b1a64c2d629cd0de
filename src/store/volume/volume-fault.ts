import type { VolumeMember } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import { StoreAnswer } from '../store-fault.ts'

/** A refusal as it came. */
export interface Refusal {
  readonly operation: string
  readonly status: number
  /** S3's word; `Unknown` where there is none, as for HEAD. */
  readonly code: string
  readonly message: string
}

const keyCodes = new Set(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken'])

/** Whether a volume denies something, as it does now and then to what it allows a moment later. */
export function isDenial({ status, code }: Refusal): boolean {
  return status === 403 && code !== 'RequestTimeTooSkewed' && !keyCodes.has(code)
}

/**
 * The error of what an operator has to put right, saying what to do; undefined for any other refusal,
 * which is the caller's to read.
 */
export function volumeFault(
  { bucket, dataCenterId }: VolumeMember,
  refusal: Refusal,
): GatewayError | undefined {
  const { operation, status, code, message } = refusal
  const cause = new StoreAnswer(operation, status, code, message)
  const name = `network volume ${bucket} in ${dataCenterId}`
  if (status === 507 || code === 'InsufficientStorage') {
    const detail = `Delete files of the ${name}, run "bulkway sweep" or grow it: it has no room left`
    return new GatewayError('volume_full', detail, { cause })
  }
  if (status === 404 && code === 'NoSuchBucket') {
    const detail = `Check that the ${name} exists and is not stopped: it is not there`
    return new GatewayError('volume_gone', detail, { cause })
  }
  const detail = refusedDetail(refusal, name)
  return detail === undefined ? undefined : new GatewayError('volume_refused', detail, { cause })
}

function refusedDetail(refusal: Refusal, name: string): string | undefined {
  const { status, code } = refusal
  if (code === 'RequestTimeTooSkewed') {
    return `Set the gateway's clock: the ${name} says it is more than an hour off`
  }
  if (status === 402) {
    return `Add funds to the RunPod account: the ${name} is not served to it until then`
  }
  if (status === 401 || keyCodes.has(code)) {
    return `Check the store's S3 key: the ${name} does not know it, or it was revoked`
  }
  if (status === 403) {
    return `Check what the store's S3 key may do: the ${name} denies it again and again`
  }
  return undefined
}
