/** Watches one thing at a time that must not take too long, with one timer for all of them. */
export interface IdleWatch {
  /** The step's own result; rejects when it is not there after the time. */
  within<T>(step: Promise<T>): Promise<T>
  /** Ends the timer; a step under way is no longer watched. */
  end(): void
}

/**
 * Makes a watch whose steps may take `idleTimeoutMs` each. A timer of its own for each step would
 * cost more than the step, and memory that V8 does not see and so does not collect in time.
 */
export function createIdleWatch(idleTimeoutMs: number): IdleWatch {
  let startedAt = 0
  let giveUp: ((error: Error) => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function look(): void {
    timer = undefined
    if (giveUp === undefined) return
    const left = startedAt + idleTimeoutMs - Date.now()
    if (left > 0) timer = setTimeout(look, left)
    else giveUp(new Error(`No byte of the body arrived for ${idleTimeoutMs} ms`))
  }

  return {
    within: (step) =>
      new Promise((resolve, reject) => {
        startedAt = Date.now()
        giveUp = reject
        timer ??= setTimeout(look, idleTimeoutMs)
        step.then(
          (result) => {
            giveUp = undefined
            resolve(result)
          },
          (error) => {
            giveUp = undefined
            reject(error)
          },
        )
      }),
    end() {
      giveUp = undefined
      clearTimeout(timer)
      timer = undefined
    },
  }
}
