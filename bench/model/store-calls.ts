/** Calls to the stores that a job causes, counted from the code; a test compares them with a run. */
import type { Settings, SizeClass, Surroundings, Workload } from './workload.ts'

/** Billing classes: A writes and lists, B reads, free removals. */
export interface Calls {
  readonly a: number
  readonly b: number
  readonly free: number
}

const none: Calls = { a: 0, b: 0, free: 0 }

export function addCalls(...all: readonly Calls[]): Calls {
  return all.reduce(
    (one, other) => ({ a: one.a + other.a, b: one.b + other.b, free: one.free + other.free }),
    none,
  )
}

/** What happens once a job, whatever its size. */
export const callsPerJob = {
  /** The grant, the job record, and the grant with its job. */
  submit: { a: 3, b: 0, free: 0 },
  /** The kept result, the mark of what is due, and the ended grant; no webhook of the client's. */
  webhook: { a: 3, b: 3, free: 0 },
  /** The mark, the grant, a list of the inputs; then grant, record and result when their day is over. */
  sweep: { a: 1, b: 3, free: 4 },
} as const satisfies Record<string, Calls>

/** Keys that the sweep asks for in one list. */
export const listPage = 250

/** One object of so many bytes, written in parts of at most `partBytes`. */
export function writeCalls(bytes: number, partBytes: number): Calls {
  const parts = Math.max(1, Math.ceil(bytes / partBytes))
  return { a: parts === 1 ? 1 : parts + 2, b: 0, free: 0 }
}

/** Requests that an S3 client makes to read one object: a HEAD, then ranges. */
export function readRequests(bytes: number, { sdkPartBytes }: Surroundings): number {
  return 1 + Math.ceil(bytes / sdkPartBytes)
}

/** Requests that an S3 client makes to write one object. */
export function writeRequests(bytes: number, { sdkPartBytes }: Surroundings): number {
  return writeCalls(bytes, sdkPartBytes).a
}

/** How many instances share the work, and how many jobs a second come to all of them. */
export interface Load {
  readonly instances: number
  readonly jobsPerSecond: number
}

/** Grants and job records that an instance remembers. */
export const rememberedEntries = 1_000

/** Variance of the gap between polls over its squared mean: it is even from half to one and a half. */
const gapVariance = 1 / 12

/** Share of the time in which an instance believes the grant of a job that is polled. */
function believed(workload: Workload, settings: Settings, { instances }: Load): number {
  const { grantCacheSeconds: seconds } = settings
  const untilNextPoll = workload.pollSeconds * (instances - 1 + (1 + gapVariance) / 2)
  return workload.pollsPerJob === 0 ? 0 : seconds / (seconds + untilNextPoll)
}

/**
 * Grants and job records that polls read from the store: an instance believes a grant for
 * `grantCacheSeconds` and keeps the last thousand records; each poll meets any instance.
 */
export function pollCalls(workload: Workload, settings: Settings, load: Load): Calls {
  const { pollsPerJob, pollSeconds } = workload
  if (pollsPerJob === 0) return none
  const { instances, jobsPerSecond } = load
  // Polls within the time after one of them, as a renewal process has them.
  const within = Math.max(0, settings.grantCacheSeconds / pollSeconds - (1 - gapVariance) / 2)
  const hitsPerRead = within / instances
  const missed = (pollsPerJob - hitsPerRead) / (1 + hitsPerRead)
  // The webhook has just made its own instance read the grant that the last poll asks for.
  const elsewhere = 1 - 1 / instances
  const grants = missed - (missed / pollsPerJob) * (1 - elsewhere)
  const touches = (jobsPerSecond * (pollsPerJob + 1)) / instances
  const keptPolls = Math.floor(rememberedEntries / touches / pollSeconds)
  let records = 0
  for (let poll = 1; poll <= pollsPerJob; poll++) {
    records += (1 - 1 / instances) ** Math.min(poll, keptPolls)
  }
  // The last poll finds the job over; an instance that still believes it runs looks again.
  const again = (1 - missed / pollsPerJob) * elsewhere
  return { a: 0, b: grants + records + again, free: 0 }
}

/** Grants that a worker's and a client's requests for files read from the store. */
export function grantReads(
  size: SizeClass,
  workload: Workload,
  settings: Settings,
  around: Surroundings,
  load: Load,
): number {
  const { payloadsPerJob: payloads, outputShare } = workload
  const { instances } = load
  const output = size.bytes * outputShare
  const outputs = output > 0 ? 1 : 0
  const met = (requests: number) => instances * (1 - (1 - 1 / instances) ** requests)
  // The instance that submitted still believes the grant when the worker begins to read.
  const early = met(payloads * readRequests(size.bytes / payloads, around)) * (1 - 1 / instances)
  const written = met(outputs * writeRequests(output, around))
  // The last poll and the webhook have each left it with an instance.
  const fetched = outputs * (1 - 1 / instances) ** 2
  return early + (written + fetched) * (1 - believed(workload, settings, load))
}

/** All calls of one job of a size, its polls and its removal included. */
export function callsOf(
  size: SizeClass,
  workload: Workload,
  settings: Settings,
  around: Surroundings,
  load: Load,
): Calls {
  const { payloadsPerJob: payloads, outputShare } = workload
  const each = size.bytes / payloads
  const output = size.bytes * outputShare
  const outputs = output > 0 ? 1 : 0
  const reads = payloads * readRequests(each, around)
  return addCalls(
    { a: payloads * writeCalls(each, settings.partBytes).a, b: 0, free: 0 },
    callsPerJob.submit,
    { a: outputs * writeRequests(output, around), b: reads + outputs, free: 0 },
    { a: 0, b: grantReads(size, workload, settings, around, load), free: 0 },
    callsPerJob.webhook,
    pollCalls(workload, settings, load),
    callsPerJob.sweep,
    { a: (3 + outputs) / listPage, b: 0, free: payloads + outputs },
  )
}
