import { type Curve, curvesPanel } from '../chart/curves.ts'
import { drawTimeline, type Row } from '../chart/timeline.ts'

/** One job of a session; times are seconds of the Unix clock. */
export interface TrainingJob {
  readonly status: string
  readonly output: Trained | undefined
  /** When the request was sent, and when it was answered: in between it waited for the session. */
  readonly sent: number
  readonly answered: number
  readonly started: number
  readonly ended: number
  /** When the client knew of the end. */
  readonly known: number
}

/** What the worker answers. */
export interface Trained {
  readonly worker: string
  readonly from: number
  readonly to: number
  /** SHA-256 of the weights. */
  readonly weights: string
  readonly history: readonly (readonly [step: number, loss: number, at: number, worker: string])[]
}

/** One step that a worker has made. */
export interface Step {
  readonly step: number
  readonly loss: number
  readonly at: number
  readonly worker: string
}

const colours: Readonly<Record<string, string>> = {
  'worker-1': '#2f81f7',
  'worker-2': '#a371f7',
  'worker-3': '#2da44e',
  'worker-4': '#d4762c',
}
/** Steps over which a loss is averaged. */
const window = 15

/** The picture of a training: its jobs, and the loss below them. */
export function drawTraining(training: {
  readonly jobs: readonly TrainingJob[]
  readonly killedAt: number
  /** The step at which the training went on after the loss of a worker. */
  readonly kept: number
  readonly lost: readonly Step[]
}): string {
  const { jobs, killedAt, kept, lost } = training
  const start = Math.min(...jobs.map(({ sent }) => sent))
  const history = jobs.flatMap(({ output }) => output?.history ?? [])
  const steps = Math.max(0, ...history.map(([step]) => step))
  const last = jobs.at(-1)?.output?.history ?? []
  const names = [...new Set(last.map(([, , , worker]) => worker))]
  // One average over all of them: a worker begins where the one before it has ended.
  const even = smooth(last.map(([, loss, at]) => [at - start, loss]))
  const curves: Curve[] = names.map((name) => ({
    label: name,
    colour: colours[name] ?? '#57606a',
    points: even.filter((_, at) => last[at]?.[3] === name),
  }))
  const before = last
    .filter(([step]) => step <= kept)
    .map(([, loss, at]) => [at - start, loss] as const)
  const gone = smooth([
    ...before,
    ...lost.map(({ at, loss }) => [at - start, loss] as const),
  ]).slice(before.length)
  return drawTimeline({
    title: `One training of ${steps} steps, in four jobs on four workers`,
    subtitle: `Session run-42 on a network volume. Worker-2 is killed; the next job goes on from the checkpoint of step ${kept}, ${lost.length} steps are lost`,
    kinds: {
      wait: { label: 'waits for the session', colour: '#bf8700' },
      queue: { label: 'queue', colour: '#c9d1d9' },
      run: { label: 'trains', colour: '#2da44e' },
      dead: { label: 'its worker is gone', colour: '#cf222e' },
    },
    rows: jobs.map((job, at) => rowOf(job, at, start, killedAt)),
    marks: [{ at: killedAt - start, label: 'worker-2 is killed' }],
    panel: curvesPanel({
      name: 'loss',
      height: 230,
      curves: [...curves, { label: '', colour: '#cf222e', lost: true, points: gone }],
    }),
  })
}

function rowOf(job: TrainingJob, at: number, start: number, killedAt: number): Row {
  const { output, sent, answered, started, ended } = job
  const alive = output === undefined ? Math.min(ended, killedAt) : ended
  return {
    name: `job ${at + 1}, ${output?.worker ?? 'worker-2'}`,
    spans: [
      { kind: 'wait', from: sent - start, to: answered - start, label: 'waits' },
      { kind: 'queue', from: answered - start, to: started - start },
      {
        kind: 'run',
        from: started - start,
        to: alive - start,
        ...(output !== undefined && { label: `${output.from} to ${output.to}` }),
      },
      { kind: 'dead', from: alive - start, to: ended - start, label: 'until its time-out' },
    ],
  }
}

function smooth(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return points.map(([at], index) => {
    const near = points.slice(Math.max(0, index - window + 1), index + 1)
    return [at, near.reduce((sum, [, value]) => sum + value, 0) / near.length] as const
  })
}
