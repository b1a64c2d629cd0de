/** The model beside the simulation. */
import { peakRate, planNode, sweepSeconds, useOf } from './capacity.ts'
import type { Costs } from './figures.ts'
import { simulate } from './simulation/run.ts'
import type { Scenario } from './simulation/world.ts'
import { onNode, onWorkers, points, surroundings, workloadAt } from './workload.ts'

/** How far the model may be from the simulation: a share of it, or a difference where both are shares. */
export const tolerances = {
  'CPU of a core': { relative: 0.05 },
  'buffers out': { relative: 0.05 },
  'uploads that find no buffer': { absolute: 0.03 },
  'overhead p50, s': { relative: 0.1 },
  'overhead p99, s': { relative: 0.15 },
  'writes a job': { relative: 0.03 },
  'reads a job': { relative: 0.05 },
  'removals a job': { relative: 0.03 },
  'MB in a job': { relative: 0.01 },
  'MB out a job': { relative: 0.01 },
  'sweep ms a job': { relative: 0.1 },
} as const satisfies Record<string, { readonly relative: number } | { readonly absolute: number }>

/** Jobs of a full check. */
export const checkedJobs = 20_000

export type Quantity = keyof typeof tolerances

export interface Comparison {
  readonly scenario: string
  readonly quantity: Quantity
  readonly model: number
  readonly simulated: number
  /** Relative, or the difference itself where the tolerance is absolute. */
  readonly deviation: number
  readonly holds: boolean
}

export interface NamedScenario {
  readonly name: string
  readonly scenario: Scenario
  /** Quantities that the model does not claim to know here. */
  readonly except: readonly Quantity[]
}

/** What is checked: every point of the tables, a pool that is too small, and an isolate of Workers. */
export function scenarios(costs: { node: Costs; workers: Costs }, jobs: number): NamedScenario[] {
  const common = { around: surroundings, jobs, seed: 1 }
  const planned = points().map(({ name, workload }): NamedScenario => {
    const { use } = planNode(workload, onNode, surroundings, costs.node)
    const jobsPerSecond = peakRate(workload)
    const { instances } = use
    const settings = onNode
    const scenario = { ...common, workload, settings, costs: costs.node, instances, jobsPerSecond }
    return { name, scenario, except: [] }
  })
  const tight = workloadAt(150_000)
  const few = { ...tight, pollsPerJob: 4, payloadsPerJob: 2 }
  return [
    ...planned,
    {
      name: 'one process, a pool of 14 parts',
      scenario: {
        ...common,
        workload: tight,
        settings: { ...onNode, poolParts: 14 },
        costs: costs.node,
        instances: 1,
        jobsPerSecond: peakRate(tight),
      },
      // Who waits for a buffer waits within the overhead, and the model has no law for how long.
      except: ['overhead p50, s', 'overhead p99, s'],
    },
    {
      name: 'four processes, two payloads a job',
      scenario: {
        ...common,
        workload: few,
        settings: onNode,
        costs: costs.node,
        instances: 4,
        jobsPerSecond: peakRate(few),
      },
      except: [],
    },
    {
      name: 'one isolate of Workers, a pool of 6 parts',
      scenario: {
        ...common,
        workload: workloadAt(60_000),
        settings: onWorkers,
        costs: costs.workers,
        instances: 1,
        jobsPerSecond: peakRate(workloadAt(60_000)),
      },
      // A refused upload is no job: what a job costs is not what an arrival costs.
      except: [
        'CPU of a core',
        'buffers out',
        'writes a job',
        'reads a job',
        'removals a job',
        'MB in a job',
        'MB out a job',
        'overhead p50, s',
        'overhead p99, s',
      ],
    },
  ]
}

/** Every quantity of a scenario, by the model and by the simulation. */
export function compare({ name, scenario, except }: NamedScenario): Comparison[] {
  const { workload, settings, around, costs, instances } = scenario
  const use = useOf(workload, settings, around, costs, instances)
  const seen = simulate(scenario)
  const { calls, bytesIn, bytesOut } = use.demand
  const pairs: Record<Quantity, readonly [number, number]> = {
    'CPU of a core': [use.cpu, seen.cpu],
    'buffers out': [use.buffers, seen.buffers],
    'uploads that find no buffer': [use.poolWait, seen.poolWait],
    'overhead p50, s': [use.overheadP50, seen.overheadP50],
    'overhead p99, s': [use.overheadP99, seen.overheadP99],
    'writes a job': [calls.a, seen.writes],
    'reads a job': [calls.b, seen.reads],
    'removals a job': [calls.free, seen.removals],
    'MB in a job': [bytesIn / 1e6, seen.bytesIn / 1e6],
    'MB out a job': [bytesOut / 1e6, seen.bytesOut / 1e6],
    'sweep ms a job': [sweepSeconds(workload, around) * 1e3, seen.sweepSeconds * 1e3],
  }
  return quantities
    .filter((quantity) => !except.includes(quantity))
    .map((quantity) => {
      const [model, simulated] = pairs[quantity]
      const tolerance: { relative?: number; absolute?: number } = tolerances[quantity]
      const difference = model - simulated
      const deviation = tolerance.relative === undefined ? difference : difference / simulated
      const allowed = tolerance.relative ?? tolerance.absolute ?? 0
      const holds = Math.abs(deviation) <= allowed
      return { scenario: name, quantity, model, simulated, deviation, holds }
    })
}

const quantities = Object.keys(tolerances) as Quantity[]
