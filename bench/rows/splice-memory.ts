import { type Contest, cpuPerMegabyte, type Goal, type Round } from '../contest.ts'
import type { BodyKind } from '../memory/splice-bodies.ts'
import { openSplice } from '../memory/splice-turns.ts'

const BODY_BYTES = 1000
const beside = 'against JSON.parse of the body in one piece and Buffer.from of the payload'

/** MB for each second of CPU time: one thread does the work, and others' load does not count. */
function cpuRate(round: Round, name: string): number {
  return 1e3 / cpuPerMegabyte(round[name])
}

function ratio(round: Round): number {
  return cpuRate(round, 'splicer') / cpuRate(round, 'naive')
}

function row(kind: BodyKind, title: string, what: string, atLeast: number): Contest {
  const goals: Goal[] = [
    {
      figure: 'rate of a CPU',
      unit: 'MB/s',
      target: { atLeast },
      of: (round) => cpuRate(round, 'splicer'),
    },
    { figure: 'rate of a CPU × naive', unit: '×', of: ratio },
  ]
  return {
    id: `splice-${kind}`,
    title,
    about: `The splicer alone, in memory, over ${what} in chunks of 64 KiB, ${beside}.`,
    open: () => openSplice(kind),
    goals,
  }
}

export const contests: Contest[] = [
  row('base64', 'Splice base64, in memory', 'one string of 64 MB of base64', 1000),
  row('base64url', 'Splice base64url, in memory', 'one string of 64 MB of base64url', 1000),
  row('escaped', 'Splice base64 with `\\/`, in memory', '64 MB of base64 as PHP writes it', 400),
  row('small-values', 'Splice small values, in memory', '64 MB of small values', 100),
  {
    id: 'splice-1kb',
    title: 'Splice 1 KB, in memory',
    about: `The splicer made anew for each body of 1 KB, ${beside}.`,
    open: () => openSplice('1kb', 20_000),
    goals: [
      {
        figure: 'CPU a body',
        unit: 'ms',
        target: { atMost: 0.02 },
        of: (round) => cpuPerMegabyte(round['splicer']) * (BODY_BYTES / 1e6),
      },
      { figure: 'rate of a CPU × naive', unit: '×', of: ratio },
    ],
  },
]
