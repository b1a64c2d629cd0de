import type { Contest, Round, Turn } from '../contest.ts'

export interface Taken {
  readonly round: number
  readonly contestant: string
  readonly turn: Turn
}

/** Longest that a turn may last before it counts as hanging. */
const turnLimitSeconds = 300

/**
 * Opens a row, lets its contestants take turns and closes it again, also when a turn throws. Each
 * round starts one contestant later than the one before, so that none is always first.
 */
export async function takeRounds(
  contest: Contest,
  rounds: number,
  onTurn: (taken: Taken) => void = () => {},
): Promise<readonly Round[]> {
  const { turns, close } = await contest.open()
  try {
    const order = Object.entries(turns)
    const taken: Round[] = []
    for (let at = 0; at < rounds; at++) {
      const shift = at % Math.max(order.length, 1)
      const round: Record<string, Turn> = {}
      for (const [contestant, take] of [...order.slice(shift), ...order.slice(0, shift)]) {
        const turn = await withinLimit(take(), contestant)
        round[contestant] = turn
        onTurn({ round: at + 1, contestant, turn })
      }
      taken.push(round)
    }
    return taken
  } finally {
    await close()
  }
}

async function withinLimit(turn: Promise<Turn>, contestant: string): Promise<Turn> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The turn of ${contestant} lasted over ${turnLimitSeconds} s`)),
      turnLimitSeconds * 1e3,
    )
  })
  return await Promise.race([turn, tooLong]).finally(() => clearTimeout(timer))
}
