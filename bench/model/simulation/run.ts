import { Job } from './job.ts'
import { simulateSweep } from './sweep.ts'
import { type Scenario, World } from './world.ts'

/** What a simulation saw; shares and means over the time in which jobs came. */
export interface Seen {
  readonly cpu: number
  readonly buffers: number
  readonly poolWait: number
  readonly overheadP50: number
  readonly overheadP99: number
  /** A job, its sweep included. */
  readonly writes: number
  readonly reads: number
  readonly removals: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Seconds of one sweep process a job. */
  readonly sweepSeconds: number
}

/** Share of the jobs that only fill the system. */
const warmUp = 0.25

const sweptJobs = 1000

/** Simulates every job, part and call of a scenario; the same seed sees the same. */
export function simulate(scenario: Scenario): Seen {
  const world = new World(scenario)
  const sizes = sizesOf(world)
  let horizon = 0
  for (let id = 0; id < scenario.jobs; id++) {
    horizon += world.random.exponential(1 / scenario.jobsPerSecond)
    const job = new Job(world, id, sizes[id] ?? 0, id >= scenario.jobs * warmUp)
    world.clock.after(horizon, () => world.start(job.run()))
  }
  world.clock.run()
  const { counts, instances } = world
  const swept = simulateSweep(scenario, sweptJobs)
  const overheads = counts.overheads.sort((one, other) => one - other)
  const quantile = (share: number) => overheads[Math.floor(share * overheads.length)] ?? Number.NaN
  const mean = (of: (instance: (typeof instances)[number]) => number) =>
    instances.reduce((all, instance) => all + of(instance), 0) / instances.length
  return {
    cpu: mean(({ core }) => core.busy) / horizon,
    buffers: mean(({ pool }) => pool.held) / horizon,
    poolWait: counts.asked === 0 ? 0 : counts.found / counts.asked,
    overheadP50: quantile(0.5),
    overheadP99: quantile(0.99),
    writes: counts.writes / scenario.jobs + swept.writes / sweptJobs,
    reads: counts.reads / scenario.jobs + swept.reads / sweptJobs,
    removals: counts.removals / scenario.jobs + swept.removals / sweptJobs,
    bytesIn: counts.bytesIn / scenario.jobs,
    bytesOut: counts.bytesOut / scenario.jobs,
    sweepSeconds: swept.seconds / sweptJobs,
  }
}

/** A size for every job: the shares are kept exactly, so that one rare giant more is no deviation. */
function sizesOf({ scenario, random }: World): number[] {
  const { workload, jobs } = scenario
  const sizes = workload.sizes.flatMap(({ share, bytes }) =>
    Array<number>(Math.round(share * jobs)).fill(bytes),
  )
  return random.shuffle(sizes)
}
