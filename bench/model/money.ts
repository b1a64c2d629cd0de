/** Dollars a month. */
import type { Demand } from './demand.ts'
import { egressTiers, prices } from './prices.ts'
import { monthDays, type Workload } from './workload.ts'

export interface Bill {
  /** Machines, or Workers' requests and CPU. */
  readonly compute: number
  readonly operations: number
  readonly storage: number
  readonly egress: number
  readonly total: number
}

/** How long files lie in the store, in days. */
export interface Lifetimes {
  readonly inputs: number
  readonly outputs: number
}

/**
 * Inputs: the job and an hour of grace. Outputs: 24 h of `ttl`, 1 h of margin, 24 h of links, then
 * until that day is over: half a day on average.
 */
export const lifetimes: Lifetimes = { inputs: 1.1 / 24, outputs: 49 / 24 + 0.5 }

/** Bytes times days, in GB-months. */
function gbMonths(workload: Workload, bytesPerJob: number): number {
  const { jobsPerDay, outputShare } = workload
  const perDay =
    (jobsPerDay * bytesPerJob * (lifetimes.inputs + outputShare * lifetimes.outputs)) / 1e9
  return perDay
}

function beyond(used: number, included: number): number {
  return Math.max(0, used - included)
}

/** Traffic to the internet, tier by tier. */
export function egressMoney(gb: number): number {
  let left = beyond(gb, prices.egressIncluded.value)
  let from = 0
  let money = 0
  for (const { upToGb, perGb } of egressTiers) {
    const here = Math.min(left, upToGb - from)
    money += here * perGb
    left -= here
    from = upToGb
  }
  return money
}

function bill(parts: Omit<Bill, 'total'>): Bill {
  return { ...parts, total: parts.compute + parts.operations + parts.storage + parts.egress }
}

function r2(jobs: number, { calls }: Demand, storedGbMonths: number) {
  return {
    operations:
      (beyond(jobs * calls.a, prices.r2ClassAIncluded.value) / 1e6) * prices.r2ClassA.value +
      (beyond(jobs * calls.b, prices.r2ClassBIncluded.value) / 1e6) * prices.r2ClassB.value,
    storage: beyond(storedGbMonths, prices.r2StorageIncluded.value) * prices.r2Storage.value,
  }
}

/** Workers and R2. */
export function workersBill(workload: Workload, bytesPerJob: number, demand: Demand): Bill {
  const jobs = workload.jobsPerDay * monthDays
  const requests = beyond(jobs * demand.requests, prices.workersRequestsIncluded.value)
  const cpuMs = beyond(jobs * demand.cpuSeconds * 1e3, prices.workersCpuIncluded.value)
  const compute =
    prices.workersPlan.value +
    (requests / 1e6) * prices.workersRequests.value +
    (cpuMs / 1e6) * prices.workersCpu.value
  return bill({ compute, ...r2(jobs, demand, gbMonths(workload, bytesPerJob)), egress: 0 })
}

/** Machines whose traffic is not metered, and R2. */
export function nodeBill(
  workload: Workload,
  bytesPerJob: number,
  demand: Demand,
  machines: number,
): Bill {
  const jobs = workload.jobsPerDay * monthDays
  const compute = machines * prices.machine.value
  return bill({ compute, ...r2(jobs, demand, gbMonths(workload, bytesPerJob)), egress: 0 })
}

/** Machines and a bucket in one AWS region: what goes to workers and clients is metered. */
export function meteredBill(
  workload: Workload,
  bytesPerJob: number,
  demand: Demand,
  machines: number,
): Bill {
  const jobs = workload.jobsPerDay * monthDays
  return bill({
    compute: machines * prices.machine.value,
    operations:
      (jobs * demand.calls.a * prices.s3ClassA.value) / 1e6 +
      (jobs * demand.calls.b * prices.s3ClassB.value) / 1e6,
    storage: gbMonths(workload, bytesPerJob) * prices.s3Storage.value,
    egress: egressMoney((jobs * demand.bytesToInternet) / 1e9),
  })
}
