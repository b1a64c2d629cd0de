import { type Contest, cpuPerMegabyte, type Goal, type Round, rate } from '../contest.ts'
import { scaled } from '../load/scale.ts'
import { openUploadScene, type SubjectKind } from '../load/upload-scene.ts'
import { takeUploadTurn } from '../load/upload-turn.ts'

const kinds: readonly SubjectKind[] = ['drop', 'raw', 'null', 'put']

function ratio(round: Round, name: string, of: typeof rate): number {
  return of(round[name]) / of(round['raw'])
}

function goalsOf(kind: 'null' | 'put', label: string, least: number, most: number): Goal[] {
  return [
    {
      figure: `${label}, rate × raw`,
      unit: '×',
      target: { atLeast: least },
      of: (round) => ratio(round, kind, rate),
    },
    {
      figure: `${label}, CPU × raw`,
      unit: '×',
      target: { atMost: most },
      of: (round) => ratio(round, kind, cpuPerMegabyte),
    },
    { figure: `${label}, rate`, unit: 'MB/s', of: (round) => rate(round[kind]) },
    { figure: `${label}, CPU`, unit: 'ms/MB', of: (round) => cpuPerMegabyte(round[kind]) },
  ]
}

/** One giant upload to the gateway beside a pass-through of `node:http`, in turns. */
export const contest: Contest = {
  id: 'upload-node',
  title: 'Upload on Node, 512 MiB, one base64 string',
  about:
    'A JSON body with one giant string, decoded and staged, beside a node:http pass-through of the same body (raw) and a server that drops it.',
  rounds: 7,
  async open() {
    const scene = await openUploadScene()
    const textBytes = scaled(512)
    try {
      const subjects = []
      for (const kind of kinds) subjects.push(await scene.start(kind))
      const turns = subjects.map(
        (subject) => [subject.kind, () => takeUploadTurn(scene, subject, textBytes)] as const,
      )
      return { turns: Object.fromEntries(turns), close: () => scene.close() }
    } catch (error) {
      await scene.close()
      throw error
    }
  },
  goals: [
    ...goalsOf('null', 'null store', 0.95, 1.15),
    ...goalsOf('put', 'parts PUT', 0.7, 1.5),
    { figure: 'raw, rate', unit: 'MB/s', of: (round) => rate(round['raw']) },
    { figure: 'raw, CPU', unit: 'ms/MB', of: (round) => cpuPerMegabyte(round['raw']) },
    {
      figure: 'receive and drop, rate × raw',
      unit: '×',
      of: (round) => ratio(round, 'drop', rate),
    },
  ],
}
