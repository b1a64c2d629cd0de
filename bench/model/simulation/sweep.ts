import type { Process } from './events.ts'
import { type Scenario, World } from './world.ts'

const width = 4
const page = 250

/** What one sweep of so many jobs took, each with its payloads and one output. */
export interface SweepRun {
  readonly seconds: number
  readonly writes: number
  readonly reads: number
  readonly removals: number
}

/** Sweeps jobs as `src/grants/sweep.ts` does: pages of keys, four removals at a time. */
export function simulateSweep(scenario: Scenario, jobs: number): SweepRun {
  const world = new World(scenario)
  const { payloadsPerJob, outputShare } = scenario.workload
  const { counts } = world

  function* call(kind: 'writes' | 'reads' | 'removals') {
    counts[kind]++
    yield world.delay(world.callSeconds())
  }
  function* dueInputs(): Process {
    yield* call('reads')
    yield* call('reads')
    yield* call('writes')
    for (let left = payloadsPerJob; left > 0; left -= width) {
      yield* together(Math.min(left, width), () => call('removals'))
    }
    yield* call('removals')
  }
  function* grant(): Process {
    yield* call('reads')
    yield* call('removals')
    yield* call('removals')
  }
  function* together(count: number, one: () => Process): Process {
    let left = count
    yield (resume) => {
      for (let at = 0; at < count; at++) {
        world.start(
          (function* () {
            yield* one()
            if (--left === 0) resume()
          })(),
        )
      }
    }
  }
  function* each(one: () => Process): Process {
    for (let done = 0; done < jobs; done += width) {
      if (done % page < width) yield* call('writes')
      yield* together(Math.min(width, jobs - done), one)
    }
  }
  world.start(
    (function* () {
      yield* each(dueInputs)
      if (outputShare > 0) yield* each(() => call('removals'))
      // Results.
      yield* each(() => call('removals'))
      yield* each(grant)
    })(),
  )
  world.clock.run()
  const { writes, reads, removals } = counts
  return { seconds: world.clock.now, writes, reads, removals }
}
