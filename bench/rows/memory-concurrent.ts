import { type Contest, type Goal, growth, rate, type Turn } from '../contest.ts'
import { measure } from '../load/measure.ts'
import { scaled } from '../load/scale.ts'
import { authorization, openUploadScene, type UploadScene } from '../load/upload-scene.ts'
import { checkBytes } from '../load/upload-turn.ts'
import { residentBytes } from '../process.ts'

const uploads = 16
const verifiedBytes = 16 * 1024 * 1024

/** The pool's 32 parts of 6 MiB, in MB: all that payloads may ever hold. */
const poolMegabytes = (32 * 6 * 1024 * 1024) / 1e6

async function takeTurn(scene: UploadScene, store: 'null' | 'put'): Promise<Turn> {
  const subject = await scene.start(store)
  try {
    const idleBytes = residentBytes(subject.process.pid).now
    await scene.verify(subject, verifiedBytes, uploads)
    const textBytes = scaled(128)
    const upload = { url: subject.runUrl, headers: { authorization }, textBytes, parallel: uploads }
    const [{ seconds, each }, used] = await measure(subject.process, () =>
      scene.load.upload(upload),
    )
    await checkBytes(subject, textBytes, uploads)
    return { seconds, bytes: textBytes * uploads, latencies: each, idleBytes, ...used }
  } finally {
    await subject.process.stop()
  }
}

function slowestOverMedian(turn: Turn | undefined): number {
  const sorted = [...(turn?.latencies ?? [])].sort((a, b) => a - b)
  return (sorted.at(-1) ?? Number.NaN) / (sorted[sorted.length >> 1] ?? Number.NaN)
}

function goalsOf(store: 'null' | 'put', label: string, oneMegabytes: number): Goal[] {
  return [
    {
      figure: `${label}, peak over idle`,
      unit: 'MB',
      // What one upload may take, and every part of the pool.
      target: { atMost: Math.round(poolMegabytes + oneMegabytes) },
      of: (round) => growth(round[store]),
    },
    {
      figure: `${label}, slowest over median`,
      unit: '×',
      target: { atMost: 1.5 },
      of: (round) => slowestOverMedian(round[store]),
    },
    { figure: `${label}, rate of all`, unit: 'MB/s', of: (round) => rate(round[store]) },
  ]
}

/** Many giant uploads at once: memory stays the pool's, and nobody waits for all the others. */
export const contest: Contest = {
  id: 'concurrent-node',
  title: '16 uploads of 128 MiB at once on Node',
  about: 'Sixteen giant bodies begin together on one gateway process with the default pool.',
  async open() {
    const scene = await openUploadScene()
    return {
      turns: { null: () => takeTurn(scene, 'null'), put: () => takeTurn(scene, 'put') },
      close: () => scene.close(),
    }
  },
  goals: [...goalsOf('null', 'null store', 80), ...goalsOf('put', 'parts PUT', 120)],
}
