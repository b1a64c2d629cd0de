/** What one job takes: CPU, bytes over the network, requests, store calls, seconds of part buffers. */
import type { Costs } from './figures.ts'
import {
  type Calls,
  callsOf,
  callsPerJob,
  grantReads,
  type Load,
  pollCalls,
  readRequests,
  writeRequests,
} from './store-calls.ts'
import type { Settings, SizeClass, Surroundings, Workload } from './workload.ts'

export interface Demand {
  readonly cpuSeconds: number
  /** Most CPU seconds that a single request of the job takes. */
  readonly cpuOfLargest: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Bytes that leave for worker and client, not for the store. */
  readonly bytesToInternet: number
  /** Bytes that travel between gateway and store, either way. */
  readonly bytesToStore: number
  /** HTTP requests that the gateway answers. */
  readonly requests: number
  readonly calls: Calls
  /** Seconds for which its payloads hold at least one part buffer. */
  readonly holdSeconds: number
  /** Buffers times seconds. */
  readonly bufferSeconds: number
}

/** Base64 over bytes. */
export const base64Growth = 4 / 3

/** What a job of a size takes; `load` decides how often caches help. */
export function demandOf(
  size: SizeClass,
  workload: Workload,
  settings: Settings,
  around: Surroundings,
  costs: Costs,
  load: Load,
): Demand {
  const { payloadsPerJob: payloads, outputShare, pollsPerJob } = workload
  const output = size.bytes * outputShare
  const body = size.bytes * base64Growth
  const reads = payloads * readRequests(size.bytes / payloads, around)
  const writes = output > 0 ? writeRequests(output, around) : 0
  const gets = output > 0 ? 1 : 0
  const requests = 1 + 1 + pollsPerJob + reads + writes + gets
  const polled = pollCalls(workload, settings, load)
  // What moves a part or a file is in the figures per MB, and the sweep is a process of its own.
  const stateCalls =
    total(callsPerJob.submit) +
    total(callsPerJob.webhook) +
    polled.b +
    grantReads(size, workload, settings, around, load)
  const relayed = size.bytes + 2 * output
  const cpuMs =
    costs.upload * (body / 1e6) +
    costs.relay * (relayed / 1e6) +
    costs.request * requests +
    costs.call * stateCalls
  const { hold, buffers } = buffersOf(size.bytes / payloads, workload, settings, around)
  const spool = around.callFloor + around.callSpread
  return {
    cpuSeconds: cpuMs / 1e3,
    cpuOfLargest: (costs.upload * body) / 1e9,
    bytesIn: body + size.bytes + 2 * output,
    bytesOut: 2 * size.bytes + 2 * output,
    bytesToInternet: size.bytes + output,
    bytesToStore: 2 * size.bytes + 2 * output,
    requests,
    calls: callsOf(size, workload, settings, around, load),
    holdSeconds: payloads * hold + spool,
    bufferSeconds: payloads * buffers + spool,
  }
}

function total({ a, b, free }: Calls): number {
  return a + b + free
}

/** One payload fills a buffer at the client's pace; each part holds its own until it is stored. */
function buffersOf(bytes: number, workload: Workload, settings: Settings, around: Surroundings) {
  const parts = Math.max(1, Math.ceil(bytes / settings.partBytes))
  const last = bytes - (parts - 1) * settings.partBytes
  const call = around.callFloor + around.callSpread
  const opening = parts > 1 ? call : 0
  const fill = (bytes * base64Growth) / workload.clientRate
  return {
    hold: fill + call + last / around.storeRate,
    buffers: fill + parts * call + bytes / around.storeRate + opening,
  }
}

/** The mean over all sizes. */
export function meanDemand(
  workload: Workload,
  settings: Settings,
  around: Surroundings,
  costs: Costs,
  load: Load,
): Demand {
  const all = workload.sizes.map((size) => ({
    share: size.share,
    demand: demandOf(size, workload, settings, around, costs, load),
  }))
  const mean = (of: (demand: Demand) => number) =>
    all.reduce((total, { share, demand }) => total + share * of(demand), 0)
  return {
    cpuSeconds: mean((one) => one.cpuSeconds),
    cpuOfLargest: Math.max(...all.map(({ demand }) => demand.cpuOfLargest)),
    bytesIn: mean((one) => one.bytesIn),
    bytesOut: mean((one) => one.bytesOut),
    bytesToInternet: mean((one) => one.bytesToInternet),
    bytesToStore: mean((one) => one.bytesToStore),
    requests: mean((one) => one.requests),
    calls: {
      a: mean((one) => one.calls.a),
      b: mean((one) => one.calls.b),
      free: mean((one) => one.calls.free),
    },
    holdSeconds: mean((one) => one.holdSeconds),
    bufferSeconds: mean((one) => one.bufferSeconds),
  }
}
