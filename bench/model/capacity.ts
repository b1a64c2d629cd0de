/** How many instances a workload needs, what is used of each, and what gives out first. */
import { base64Growth, type Demand, meanDemand } from './demand.ts'
import type { Costs, Figures } from './figures.ts'
import { limits, machineCores } from './prices.ts'
import { lossProbability, quantile, type Spread, sum, waitProbability } from './queueing.ts'
import { callsPerJob } from './store-calls.ts'
import type { Settings, SizeClass, Surroundings, Workload } from './workload.ts'

/** Calls to the state store, one after the other, before a submit is answered. */
const submitCalls = callsPerJob.submit.a + callsPerJob.submit.b

/** What the plan keeps free for what no mean foresees. */
export const goals = { cpu: 0.6, nic: 0.6, poolWait: 0.01, leastMachines: 2 } as const

export type Bottleneck = 'CPU' | 'NIC' | 'pool' | 'redundancy'

/** One process of the gateway among `instances`, at the busiest hour. */
export interface Use {
  readonly instances: number
  /** Share of one core. */
  readonly cpu: number
  /** Share of the machine's network in its busier direction. */
  readonly nic: number
  /** Part buffers out, on average. */
  readonly buffers: number
  /** Share of uploads that find no buffer: they wait on Node and are a 503 on Workers. */
  readonly poolWait: number
  /** Seconds by which an answer comes later than its body alone would take. */
  readonly overheadP50: number
  readonly overheadP99: number
  readonly demand: Demand
}

/** Jobs a second at the busiest hour. */
export function peakRate({ jobsPerDay, peakToMean }: Workload): number {
  return (jobsPerDay / 86_400) * peakToMean
}

/** How one instance fares when the load is spread over so many. */
export function useOf(
  workload: Workload,
  settings: Settings,
  around: Surroundings,
  costs: Costs,
  instances: number,
): Use {
  const jobsPerSecond = peakRate(workload)
  const each = jobsPerSecond / instances
  const load = { instances, jobsPerSecond }
  const demand = meanDemand(workload, settings, around, costs, load)
  const cpu = each * demand.cpuSeconds
  const network = around.nicBits / 8 / machineCores
  const servers = (settings.poolParts * demand.holdSeconds) / demand.bufferSeconds
  const held = each * demand.holdSeconds
  const poolWait = settings.mayWait
    ? waitProbability(held, servers)
    : lossProbability(held, servers)
  const mixture = workload.sizes.map((size) => ({
    share: size.share,
    spread: overheadOf(size, workload, settings, around, costs, Math.min(cpu, 0.99)),
  }))
  return {
    instances,
    cpu,
    nic: (each * Math.max(demand.bytesIn, demand.bytesOut)) / network,
    buffers: each * demand.bufferSeconds,
    poolWait,
    overheadP50: quantile(mixture, 0.5),
    overheadP99: quantile(mixture, 0.99),
    demand,
  }
}

/** The fewest instances that keep every goal, and which goal asks for them. */
export function planNode(
  workload: Workload,
  settings: Settings,
  around: Surroundings,
  costs: Costs,
): { readonly use: Use; readonly bottleneck: Bottleneck } {
  let bottleneck: Bottleneck = 'redundancy'
  for (let instances = goals.leastMachines * machineCores; ; instances += machineCores) {
    const use = useOf(workload, settings, around, costs, instances)
    const over: readonly [Bottleneck, number][] = [
      ['CPU', use.cpu / goals.cpu],
      ['NIC', use.nic / goals.nic],
      ['pool', use.poolWait / goals.poolWait],
    ]
    const worst = over.filter(([, ratio]) => ratio > 1)
    if (worst.length === 0) return { use, bottleneck }
    // What still asks for more when the rest is content is what decides.
    bottleneck = worst.reduce((one, other) => (other[1] > one[1] ? other : one))[0]
  }
}

/** What Workers can and cannot do of a workload. */
export interface WorkersUse {
  /** Isolates over which the busiest hour must be spread, for the pool's goal. */
  readonly isolates: number
  readonly poolWait: number
  /** MB of one isolate with every part in flight. */
  readonly memory: number
  /** CPU seconds of the largest request. */
  readonly largestCpu: number
  /** Share of jobs whose body the edge refuses, by zone plan. */
  readonly refused: {
    readonly freePro: number
    readonly business: number
    readonly enterprise: number
  }
  readonly bottleneck: string
  readonly demand: Demand
}

/** How a workload fares on Workers, where the platform decides how many isolates there are. */
export function planWorkers(
  workload: Workload,
  settings: Settings,
  around: Surroundings,
  costs: Costs,
  figures: Figures,
): WorkersUse {
  let isolates = 1
  let use = useOf(workload, settings, around, costs, isolates)
  while (use.poolWait > goals.poolWait || use.cpu > goals.cpu) {
    isolates += Math.max(1, Math.floor(isolates / 20))
    use = useOf(workload, settings, around, costs, isolates)
  }
  const refusedOver = (megabytes: number) =>
    workload.sizes
      .filter(({ bytes }) => (bytes * base64Growth) / 1e6 > megabytes)
      .reduce((all, { share }) => all + share, 0)
  const refused = {
    freePro: refusedOver(limits.bodyFreePro.value),
    business: refusedOver(limits.bodyBusiness.value),
    enterprise: refusedOver(limits.bodyEnterprise.value),
  }
  const memory = memoryOf(figures, 'workersIdle', settings)
  const largestCpu = use.demand.cpuOfLargest
  const bottleneck =
    refused.freePro > 0
      ? 'edge body limit'
      : memory > limits.isolateMemory.value
        ? 'isolate memory'
        : largestCpu > limits.cpuDefault.value
          ? 'CPU limit'
          : 'pool'
  return {
    isolates,
    poolWait: use.poolWait,
    memory,
    largestCpu,
    refused,
    bottleneck,
    demand: use.demand,
  }
}

/** MB resident with every part of the pool in flight. */
export function memoryOf(
  figures: Figures,
  idle: 'nodeIdle' | 'workersIdle',
  { poolParts, partBytes }: Settings,
): number {
  return figures[idle].value + (poolParts * partBytes * figures.partMemory.value) / 1e6
}

/**
 * Time from the end of a body to its answer: the last part of each payload, then grant, submit and
 * binding, one after the other; CPU is stretched by what else the core does.
 */
function overheadOf(
  { bytes }: SizeClass,
  { payloadsPerJob, clientRate }: Workload,
  { partBytes }: Settings,
  around: Surroundings,
  costs: Costs,
  busy: number,
): Spread {
  const { callFloor, callSpread, submitFloor, submitSpread } = around
  const each = bytes / payloadsPerJob
  const parts = Math.max(1, Math.ceil(each / partBytes))
  const last = each - (parts - 1) * partBytes
  const finish = parts > 1 ? 2 : 1
  // While a payload before the last is finished, the client sends on into the sockets' buffers.
  const stall = finish * (callFloor + callSpread) + last / around.storeRate
  const stalls = (payloadsPerJob - 1) * Math.max(0, stall - around.aheadBytes / clientRate)
  const storeCalls = finish + submitCalls
  const cpu = (costs.request + costs.call * submitCalls) / 1e3 / (1 - busy)
  const calls: Spread = {
    floor: storeCalls * callFloor,
    mean: storeCalls * (callFloor + callSpread),
    variance: storeCalls * callSpread ** 2,
  }
  const submit: Spread = {
    floor: submitFloor,
    mean: submitFloor + submitSpread,
    variance: submitSpread ** 2,
  }
  const sent = last / around.storeRate + stalls + cpu
  return sum(calls, submit, { floor: sent, mean: sent, variance: 0 })
}

/** Removals that one sweep runs at once. */
const sweepWidth = 4
/** Standard deviations by which the slowest of four lies above the mean, if all are normal. */
const slowestOfFour = 1.03

/** Seconds that one sweep process needs for one job: inputs, output, result, then grant and record. */
export function sweepSeconds(
  { outputShare, payloadsPerJob }: Workload,
  around: Surroundings,
): number {
  const batch = (calls: number) =>
    calls * (around.callFloor + around.callSpread) +
    slowestOfFour * around.callSpread * Math.sqrt(calls)
  const removed = Math.ceil(payloadsPerJob / sweepWidth)
  const batches = batch(4 + removed) + (outputShare > 0 ? batch(1) : 0) + batch(1) + batch(3)
  return batches / sweepWidth
}

/** Share of its time that one sweep process is busy over a mean day. */
export function sweepBusy(workload: Workload, around: Surroundings): number {
  return (workload.jobsPerDay * sweepSeconds(workload, around)) / 86_400
}
