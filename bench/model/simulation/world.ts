import type { Costs } from '../figures.ts'
import type { Settings, Surroundings, Workload } from '../workload.ts'
import { Core } from './core.ts'
import { Clock, type Process, start, type Wait } from './events.ts'
import { Pool } from './pool.ts'
import { Random } from './random.ts'

/** What a simulation is of. */
export interface Scenario {
  readonly workload: Workload
  readonly settings: Settings
  readonly around: Surroundings
  readonly costs: Costs
  readonly instances: number
  /** Jobs a second that come, at random moments. */
  readonly jobsPerSecond: number
  readonly jobs: number
  readonly seed: number
}

/** A grant as an instance believes it. */
export interface Believed {
  readonly readAt: number
  readonly ended: boolean
}

/** One process of the gateway. */
export interface Instance {
  readonly core: Core
  readonly pool: Pool
  readonly grants: Remembered<Believed>
  readonly records: Remembered<true>
}

/** The last thousand entries, the one longest unused forgotten first, as `src/cache/recent.ts`. */
export class Remembered<V> {
  readonly #entries = new Map<number, V>()

  get(key: number): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: number, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= 1000) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}

/** What is counted while a simulation runs. */
export interface Counts {
  writes: number
  reads: number
  removals: number
  bytesIn: number
  bytesOut: number
  /** Uploads that asked for their first buffer after the warm-up, and those that found none. */
  asked: number
  found: number
  overheads: number[]
}

/** The gateway's instances in simulated time. */
export class World {
  readonly scenario: Scenario
  readonly clock = new Clock()
  readonly random: Random
  readonly instances: readonly Instance[]
  readonly counts: Counts = {
    writes: 0,
    reads: 0,
    removals: 0,
    bytesIn: 0,
    bytesOut: 0,
    asked: 0,
    found: 0,
    overheads: [],
  }

  constructor(scenario: Scenario) {
    this.scenario = scenario
    this.random = new Random(scenario.seed)
    this.instances = Array.from({ length: scenario.instances }, () => ({
      core: new Core(this.clock),
      pool: new Pool(this.clock, scenario.settings.poolParts),
      grants: new Remembered<Believed>(),
      records: new Remembered<true>(),
    }))
  }

  /** The instance that the load balancer gives a request to: any. */
  any(): Instance {
    const instance = this.instances[this.random.below(this.instances.length)]
    if (instance === undefined) throw new RangeError('There must be an instance')
    return instance
  }

  /** Lets a process run beside the one that starts it. */
  start(process: Process): void {
    start(process)
  }

  delay(seconds: number): Wait {
    return (resume) => this.clock.after(seconds, resume)
  }

  /** Seconds that one call to a store takes. */
  callSeconds(): number {
    const { callFloor, callSpread } = this.scenario.around
    return callFloor + this.random.exponential(callSpread)
  }

  /** A small call to the state store, with its CPU. */
  *state(instance: Instance, kind: 'writes' | 'reads' | 'removals') {
    this.counts[kind]++
    yield instance.core.work(this.scenario.costs.call / 1e3)
    yield this.delay(this.callSeconds())
  }

  /**
   * Bytes that come at a rate and are worked on as they come, slice by slice; the sender runs ahead
   * as far as sockets buffer.
   */
  *flow(instance: Instance, bytes: number, msPerMegabyte: number, link: Link) {
    const ahead = this.scenario.around.aheadBytes / link.rate
    for (let left = bytes; left > 0; left -= sliceBytes) {
      const slice = Math.min(left, sliceBytes)
      const takes = slice / link.rate
      const comes = Math.max(link.free, this.clock.now - ahead) + takes
      link.free = comes
      if (comes > this.clock.now) yield this.delay(comes - this.clock.now)
      yield instance.core.work((msPerMegabyte * slice) / 1e9)
    }
  }
}

/** One direction of one connection. */
export interface Link {
  readonly rate: number
  /** When its last byte had come. */
  free: number
}

const sliceBytes = 2 * 1024 * 1024
