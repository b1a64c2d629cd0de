import { Signal } from './events.ts'
import type { Instance, Link, World } from './world.ts'

/**
 * One payload on its way into the store, as `src/store/staged-writer.ts` has it: parts leave while the
 * next one fills, and who holds a buffer never waits for another request. Gives false where the pool
 * was empty and nobody may wait.
 */
export function* stage(
  world: World,
  instance: Instance,
  bytes: number,
  link: Link,
  counted: boolean,
) {
  const { settings, costs, around } = world.scenario
  const { counts } = world
  const { pool } = instance
  if (counted) counts.asked++
  if (!pool.tryTake()) {
    if (counted) counts.found++
    if (!settings.mayWait) return false
    yield pool.take
  }
  const partDone = new Signal()
  let inFlight = 0
  let spare = false
  let wantsSpare = false
  let opened: 'no' | 'opening' | 'yes' = 'no'
  const isOpen = new Signal()

  function* send(part: number) {
    if (opened === 'no') {
      opened = 'opening'
      counts.writes++
      yield world.delay(world.callSeconds())
      opened = 'yes'
      isOpen.fire()
    }
    while (opened !== 'yes') yield isOpen.wait
    counts.writes++
    counts.bytesOut += part
    yield world.delay(world.callSeconds() + part / around.storeRate)
    inFlight--
    if (wantsSpare && !spare) spare = true
    else pool.give()
    partDone.fire()
  }

  let left = bytes
  for (;;) {
    const part = Math.min(left, settings.partBytes)
    // Base64: four characters for three bytes.
    yield* world.flow(instance, (part / 3) * 4, costs.upload, link)
    left -= part
    if (left <= 0 && opened === 'no') {
      counts.writes++
      counts.bytesOut += part
      yield world.delay(world.callSeconds() + part / around.storeRate)
      pool.give()
      return true
    }
    while (inFlight >= settings.partsInFlight) yield partDone.wait
    inFlight++
    world.start(send(part))
    if (left <= 0) break
    if (pool.tryTake()) continue
    if (inFlight === 0) {
      yield pool.take
      continue
    }
    wantsSpare = true
    while (!spare) yield partDone.wait
    spare = false
    wantsSpare = false
  }
  while (inFlight > 0) yield partDone.wait
  counts.writes++
  yield world.delay(world.callSeconds())
  return true
}
