/** What is asked of the gateway, and the world around it. */
import { prices } from './prices.ts'

/** A size of request and how many of all jobs have it. */
export interface SizeClass {
  /** 0 to 1; the shares of a workload add up to 1. */
  readonly share: number
  /** Payload bytes of a job, decoded. */
  readonly bytes: number
}

export interface Workload {
  readonly jobsPerDay: number
  readonly sizes: readonly SizeClass[]
  /** Payloads that a job's bytes are divided into evenly. */
  readonly payloadsPerJob: number
  /** Output bytes per payload byte. */
  readonly outputShare: number
  readonly pollsPerJob: number
  /** Mean seconds between two polls of one job; each gap is anything from half of it to one and a half. */
  readonly pollSeconds: number
  /** API keys in use, times endpoints each is used with. */
  readonly tenants: number
  /** Busiest hour over the mean hour. */
  readonly peakToMean: number
  /** Bytes a second of one client, in either direction. */
  readonly clientRate: number
  /** Bytes a second of one worker. */
  readonly workerRate: number
}

/** How stores and upstream behave; none of it is the gateway's, all of it is assumed. */
export interface Surroundings {
  /** Seconds of a store call: at least `callFloor`, and an exponential `callSpread` more. */
  readonly callFloor: number
  readonly callSpread: number
  /** Bytes a second of one connection to the store. */
  readonly storeRate: number
  readonly submitFloor: number
  readonly submitSpread: number
  /** Bytes of a range or part as SDKs ask for them (boto3's default). */
  readonly sdkPartBytes: number
  /** Bytes that a client sends on while nobody reads: what sockets buffer. */
  readonly aheadBytes: number
  /** Bits a second that a machine's network keeps up, each way. */
  readonly nicBits: number
}

export const surroundings: Surroundings = {
  callFloor: 0.02,
  callSpread: 0.02,
  storeRate: 80e6,
  submitFloor: 0.06,
  submitSpread: 0.04,
  sdkPartBytes: 8 * 1024 * 1024,
  aheadBytes: 2 * 1024 * 1024,
  nicBits: prices.machineNic.value,
}

/** What the gateway is configured with: the defaults. */
export interface Settings {
  readonly partBytes: number
  readonly partsInFlight: number
  readonly poolParts: number
  /** False on Workers: an empty pool is a 503. */
  readonly mayWait: boolean
  readonly grantCacheSeconds: number
  readonly proofSeconds: number
}

export const onNode: Settings = {
  partBytes: 6_291_456,
  partsInFlight: 2,
  poolParts: 32,
  mayWait: true,
  grantCacheSeconds: 10,
  proofSeconds: 60,
}

export const onWorkers: Settings = { ...onNode, poolParts: 6, mayWait: false }

/** Days of an average month. */
export const monthDays = 365.25 / 12

const media: readonly SizeClass[] = [
  { share: 0.7, bytes: 2e6 },
  { share: 0.2, bytes: 10e6 },
  { share: 0.09, bytes: 60e6 },
  { share: 0.01, bytes: 400e6 },
]

/** Mean payload bytes of a job. */
export function meanBytes({ sizes }: Pick<Workload, 'sizes'>): number {
  return sizes.reduce((sum, { share, bytes }) => sum + share * bytes, 0)
}

/** The workload of the tables, at so many jobs a day; `scale` multiplies every size. */
export function workloadAt(jobsPerDay: number, scale = 1): Workload {
  return {
    jobsPerDay,
    sizes: media.map(({ share, bytes }) => ({ share, bytes: bytes * scale })),
    payloadsPerJob: 1,
    outputShare: 0.2,
    pollsPerJob: 12,
    pollSeconds: 5,
    tenants: 100,
    peakToMean: 3,
    clientRate: 12.5e6,
    workerRate: 125e6,
  }
}

/** One petabyte of payloads in an average month, from a million jobs a day. */
export function petabyteAMonth(): Workload {
  const million = workloadAt(1e6)
  return workloadAt(1e6, 1e15 / monthDays / 1e6 / meanBytes(million))
}

/** The points of the capacity table. */
export function points(): readonly { readonly name: string; readonly workload: Workload }[] {
  return [
    { name: '1,000 jobs a day', workload: workloadAt(1e3) },
    { name: '10,000 jobs a day', workload: workloadAt(1e4) },
    { name: '100,000 jobs a day', workload: workloadAt(1e5) },
    { name: '1,000,000 jobs a day', workload: workloadAt(1e6) },
    { name: '1 PB a month', workload: petabyteAMonth() },
  ]
}
