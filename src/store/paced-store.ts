import type { ObjectStore } from './store.ts'

/** Takes its turn for one request, named by the method of the store that makes it. */
export type Turn = (method: string) => Promise<void>

/** A store each of whose requests waits for its turn. */
export function pacedStore(store: ObjectStore, turn: Turn): ObjectStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...parameters: unknown[]) => {
        await turn(String(name))
        return await Reflect.apply(member, target, parameters)
      }
    },
  })
}

/** Turns that are spread evenly; `now` and `wait` are in milliseconds. */
export function createTurns(options: {
  readonly perSecond: number
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
}): () => Promise<void> {
  const { perSecond, now, wait } = options
  let nextAt = Number.NEGATIVE_INFINITY
  return async () => {
    const time = now()
    const at = Math.max(time, nextAt)
    nextAt = at + 1000 / perSecond
    if (at > time) await wait(at - time)
  }
}
