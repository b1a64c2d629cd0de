import { drawTimeline } from '../chart/timeline.ts'

/** How a worker came to its weights, as it says. */
export interface ColdStart {
  readonly worker: string
  readonly endpointId: string
  /** Whether they lay on the volume; otherwise the worker has downloaded them. */
  readonly staged: boolean
  readonly bytes: number
  readonly seconds: { readonly import: number; readonly download: number; readonly load: number }
}

const totalOf = ({ seconds }: ColdStart) => seconds.import + seconds.download + seconds.load
const shown = (seconds: number) => `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`

const sizeOf = (bytes: number) =>
  bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`

/** The cold starts as a table of Markdown. */
export function tableOf(starts: readonly ColdStart[]): string {
  const rows = starts.map((start) => {
    const { worker, endpointId, staged, seconds } = start
    const cells = [
      worker,
      endpointId,
      staged ? 'volume' : 'download',
      shown(seconds.import),
      staged ? '–' : shown(seconds.download),
      shown(seconds.load),
      shown(totalOf(start)),
    ]
    return `| ${cells.join(' | ')} |\n`
  })
  const head = ['worker', 'endpoint', 'weights', 'Python starts', 'download', 'load', 'ready after']
  return `| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}\n${rows.join('')}`
}

/** The cold starts as a picture: one line each, all from the start of the worker on. */
export function drawColdStarts(starts: readonly ColdStart[]): string {
  const size = Math.max(...starts.map(({ bytes }) => bytes))
  return drawTimeline({
    title: `Cold starts of a worker with ${sizeOf(size)} of weights`,
    subtitle: 'From the start of Python until the weights are in memory and a job can be taken',
    kinds: {
      import: { label: 'Python starts', colour: '#8b949e' },
      download: { label: 'download', colour: '#cf222e' },
      load: { label: 'load into memory', colour: '#2da44e' },
    },
    rows: starts.map((start) => {
      const { endpointId, staged, seconds } = start
      const downloaded = seconds.import + seconds.download
      return {
        name: `${endpointId}, ${staged ? 'volume' : 'download'}`,
        spans: [
          { kind: 'import', from: 0, to: seconds.import },
          {
            kind: 'download',
            from: seconds.import,
            to: downloaded,
            label: shown(seconds.download),
          },
          { kind: 'load', from: downloaded, to: totalOf(start), label: shown(seconds.load) },
        ],
      }
    }),
  })
}
