import { type Contest, type Goal, growth, type Turn } from '../contest.ts'
import { scaled } from '../load/scale.ts'
import { openUploadScene, type UploadScene } from '../load/upload-scene.ts'
import { takeUploadTurn } from '../load/upload-turn.ts'
import { residentBytes } from '../process.ts'

const sizes = [128, 512, 1024] as const
type Store = 'null' | 'put'
const nameOf = (store: Store, mebibytes: number) => `${store} ${mebibytes}`

/** A process of its own for each turn: what an earlier body left behind must not hide this one. */
async function takeMemoryTurn(scene: UploadScene, store: Store, textBytes: number): Promise<Turn> {
  const subject = await scene.start(store)
  try {
    const idleBytes = residentBytes(subject.process.pid).now
    return { ...(await takeUploadTurn(scene, subject, textBytes)), idleBytes }
  } finally {
    await subject.process.stop()
  }
}

function goalsOf(store: Store, label: string, atMost: number): Goal[] {
  const peaks = (round: Readonly<Record<string, Turn>>) =>
    sizes.map((size) => round[nameOf(store, size)]?.peakBytes ?? Number.NaN)
  return [
    ...sizes.map(
      (size): Goal => ({
        figure: `${label}, ${size} MiB, peak over idle`,
        unit: 'MB',
        target: { atMost },
        of: (round) => growth(round[nameOf(store, size)]),
      }),
    ),
    {
      figure: `${label}, highest peak over lowest`,
      unit: '×',
      target: { atMost: 1.1 },
      of: (round) => Math.max(...peaks(round)) / Math.min(...peaks(round)),
    },
    {
      figure: `${label}, 1024 MiB, peak in all`,
      unit: 'MB',
      of: (round) => (round[nameOf(store, 1024)]?.peakBytes ?? Number.NaN) / 1e6,
    },
  ]
}

/** Resident memory of the gateway while one giant body passes, by the body's size. */
export const contest: Contest = {
  id: 'memory-node',
  title: 'Memory on Node over body size',
  about:
    'Peak resident memory of a fresh gateway while one body is staged, over the same process when it was idle.',
  async open() {
    const scene = await openUploadScene()
    const turns: Record<string, () => Promise<Turn>> = {}
    for (const store of ['null', 'put'] as const) {
      for (const size of sizes) {
        turns[nameOf(store, size)] = () => takeMemoryTurn(scene, store, scaled(size))
      }
    }
    return { turns, close: () => scene.close() }
  },
  goals: [...goalsOf('null', 'null store', 80), ...goalsOf('put', 'parts PUT', 120)],
}
