import { stage } from './upload.ts'
import type { Instance, Link, World } from './world.ts'

/** Seconds from the acceptance of a job until its worker begins. */
const queueSeconds = 2
/** Seconds by which the platform's webhook comes before the client's last poll. */
const webhookLead = 0.5

/** One job from its first byte to its output at the client. */
export class Job {
  readonly #world: World
  readonly #id: number
  readonly #bytes: number
  readonly #counted: boolean
  #settled = false

  /** `counted`: after the warm-up, so that its waits and its overhead count. */
  constructor(world: World, id: number, bytes: number, counted: boolean) {
    this.#world = world
    this.#id = id
    this.#bytes = bytes
    this.#counted = counted
  }

  *run() {
    const world = this.#world
    const { payloadsPerJob, clientRate, pollsPerJob, pollSeconds } = world.scenario.workload
    const { submitFloor, submitSpread } = world.scenario.around
    const instance = world.any()
    const from = world.clock.now
    const body = (this.#bytes / 3) * 4
    world.counts.bytesIn += body
    const link = { rate: clientRate, free: from }
    yield this.#request(instance)
    for (let payload = 0; payload < payloadsPerJob; payload++) {
      const each = this.#bytes / payloadsPerJob
      const staged = yield* stage(world, instance, each, link, this.#counted)
      if (!staged) return
    }
    yield* world.state(instance, 'writes')
    yield world.delay(submitFloor + world.random.exponential(submitSpread))
    yield* world.state(instance, 'writes')
    yield* world.state(instance, 'writes')
    this.#believe(instance)
    instance.records.set(this.#id, true)
    if (this.#counted) world.counts.overheads.push(world.clock.now - from - body / clientRate)

    world.start(this.#worker())
    for (let poll = 1; poll <= pollsPerJob; poll++) {
      const gap = pollSeconds * (0.5 + world.random.next())
      if (poll === pollsPerJob) {
        yield world.delay(gap - webhookLead)
        world.start(this.#webhook())
        yield world.delay(webhookLead)
      } else yield world.delay(gap)
      world.start(this.#poll(poll === pollsPerJob))
    }
    yield* this.#fetchOutput()
  }

  #request(instance: Instance) {
    return instance.core.work(this.#world.scenario.costs.request / 1e3)
  }

  #believe(instance: Instance): void {
    instance.grants.set(this.#id, { readAt: this.#world.clock.now, ended: this.#settled })
  }

  *#grant(instance: Instance, fresh = false) {
    const known = instance.grants.get(this.#id)
    const age = this.#world.clock.now - (known?.readAt ?? Number.NEGATIVE_INFINITY)
    if (!fresh && age < this.#world.scenario.settings.grantCacheSeconds) return known
    const readAt = this.#world.clock.now
    yield* this.#world.state(instance, 'reads')
    const read = { readAt, ended: this.#settled }
    instance.grants.set(this.#id, read)
    return read
  }

  *#worker() {
    const world = this.#world
    const { workload, around } = world.scenario
    yield world.delay(queueSeconds)
    for (let payload = 0; payload < workload.payloadsPerJob; payload++) {
      yield* this.#file('reads', 0, workload.workerRate)
      let left = this.#bytes / workload.payloadsPerJob
      for (; left > 0; left -= around.sdkPartBytes) {
        yield* this.#file('reads', Math.min(left, around.sdkPartBytes), workload.workerRate)
      }
    }
    const seconds = workload.pollsPerJob * workload.pollSeconds
    yield world.delay(Math.max(0, seconds - queueSeconds - 5))
    const output = this.#bytes * workload.outputShare
    if (output <= 0) return
    if (output <= around.sdkPartBytes) {
      yield* this.#file('writes', output, workload.workerRate)
      return
    }
    yield* this.#file('writes', 0, workload.workerRate)
    for (let left = output; left > 0; left -= around.sdkPartBytes) {
      yield* this.#file('writes', Math.min(left, around.sdkPartBytes), workload.workerRate)
    }
    yield* this.#file('writes', 0, workload.workerRate)
  }

  /** One request for a file, relayed between store and worker or client. */
  *#file(kind: 'reads' | 'writes', bytes: number, rate: number) {
    const world = this.#world
    const { around, costs } = world.scenario
    const instance = world.any()
    yield this.#request(instance)
    yield* this.#grant(instance)
    world.counts[kind]++
    world.counts.bytesIn += bytes
    world.counts.bytesOut += bytes
    yield world.delay(world.callSeconds())
    const link: Link = { rate: Math.min(rate, around.storeRate), free: world.clock.now }
    yield* world.flow(instance, bytes, costs.relay, link)
  }

  *#webhook() {
    const world = this.#world
    const instance = world.any()
    yield this.#request(instance)
    yield* this.#grant(instance, true)
    const { pool } = instance
    let taken = pool.tryTake()
    if (!taken && world.scenario.settings.mayWait) {
      yield pool.take
      taken = true
    }
    yield* this.#grant(instance, true)
    yield* world.state(instance, 'writes')
    if (taken) pool.give()
    yield* this.#grant(instance, true)
    yield* world.state(instance, 'writes')
    yield* world.state(instance, 'writes')
    this.#settled = true
    this.#believe(instance)
  }

  *#poll(isLast: boolean) {
    const world = this.#world
    const instance = world.any()
    yield this.#request(instance)
    if (instance.records.get(this.#id) === undefined) {
      yield* world.state(instance, 'reads')
      instance.records.set(this.#id, true)
    }
    const grant = yield* this.#grant(instance)
    if (isLast && grant?.ended === false) yield* this.#grant(instance, true)
  }

  *#fetchOutput() {
    const { outputShare, clientRate } = this.#world.scenario.workload
    const output = this.#bytes * outputShare
    if (output > 0) yield* this.#file('reads', output, clientRate)
  }
}
