/** What the gateway itself costs: measured figures where docs/performance.json has them. */
import { readFileSync } from 'node:fs'

/** A figure of the gateway, and where it comes from. */
export interface Figure {
  readonly value: number
  readonly unit: string
  readonly about: string
  /** `row id / contestant` of docs/performance.json. */
  readonly row: string
  readonly origin: 'measured' | 'assumed'
}

interface Source extends Omit<Figure, 'value' | 'origin' | 'row'> {
  /** Stands in until the row is measured. */
  readonly assumed: number
  readonly row: string
  readonly contestant: string
  /** `growth` is the peak over idle, in MB. */
  readonly of: 'cpu' | 'idle' | 'growth'
  /** What the measured figure is multiplied with; for CPU per MB, the MB that one request stands for. */
  readonly factor?: number
}

/** MB of the body of the small rows' requests. */
const smallMegabytes = 1023 / 1e6
/** Store calls of a submit with a grant; its forwarding, a twentieth of it, is counted in. */
const grantCalls = 3
/** MB of the pool that `concurrent-node` fills: 32 parts of 6 MiB. */
const poolMegabytes = (32 * 6 * 1024 * 1024) / 1e6

// The assumed ones are a prototype's, measured on the same kind of machine.
const sources = {
  nodeUpload: {
    assumed: 1.84,
    unit: 'CPU ms per MB of body',
    about: 'Node: a body spliced, its payload decoded and PUT to the store',
    row: 'upload-node',
    contestant: 'put',
    of: 'cpu',
  },
  nodeRelay: {
    assumed: 2.2,
    unit: 'CPU ms per MB',
    about: 'Node: a file relayed by the job bucket or a link',
    row: 'job-bucket-get',
    contestant: 'gateway',
    of: 'cpu',
  },
  nodeRequest: {
    assumed: 0.55,
    unit: 'CPU ms a request',
    about: 'Node: a small request forwarded',
    row: 'small-requests',
    contestant: 'gateway',
    of: 'cpu',
    factor: smallMegabytes,
  },
  nodeCall: {
    assumed: 0.4,
    unit: 'CPU ms a call',
    about: 'Node: one signed call to the store, its object sealed or opened',
    row: 'small-granted',
    contestant: 'gateway',
    of: 'cpu',
    factor: smallMegabytes / grantCalls,
  },
  nodeIdle: {
    assumed: 90,
    unit: 'MB',
    about: 'Node: resident when idle',
    row: 'concurrent-node',
    contestant: 'put',
    of: 'idle',
  },
  partMemory: {
    assumed: 1.5,
    unit: '× part size',
    about: 'resident memory per part in flight, sockets included',
    row: 'concurrent-node',
    contestant: 'put',
    of: 'growth',
    factor: 1 / poolMegabytes,
  },
  workersUpload: {
    assumed: 1.8,
    unit: 'CPU ms per MB of body',
    about: 'workerd: a body spliced and its payload decoded',
    row: 'workers-upload',
    contestant: 'gateway',
    of: 'cpu',
  },
  workersPut: {
    assumed: 1.2,
    unit: 'CPU ms per MB of body',
    about: 'workerd: the parts of that payload PUT to the store',
    row: 'none',
    contestant: 'none',
    of: 'cpu',
  },
  workersRelay: {
    assumed: 2.1,
    unit: 'CPU ms per MB',
    about: 'workerd: a file relayed',
    row: 'workers-scrub',
    contestant: 'relay',
    of: 'cpu',
  },
  workersRequest: {
    assumed: 0.78,
    unit: 'CPU ms a request',
    about: 'workerd: a small request forwarded',
    row: 'none',
    contestant: 'none',
    of: 'cpu',
    factor: smallMegabytes,
  },
  workersCall: {
    assumed: 0.5,
    unit: 'CPU ms a call',
    about: 'workerd: one signed call to the store',
    row: 'none',
    contestant: 'none',
    of: 'cpu',
  },
  workersIdle: {
    assumed: 57,
    unit: 'MB',
    about: 'workerd: resident when idle',
    row: 'workers-upload',
    contestant: 'gateway',
    of: 'idle',
  },
} as const satisfies Record<string, Source>

export type FigureName = keyof typeof sources
export type Figures = Readonly<Record<FigureName, Figure>>

/** CPU of one runtime, in milliseconds: per MB (10⁶ bytes), per request, per store call. */
export interface Costs {
  readonly upload: number
  readonly relay: number
  readonly request: number
  readonly call: number
}

/** The figures of one runtime. */
export function costsOf(figures: Figures, runtime: 'node' | 'workers'): Costs {
  return {
    upload:
      figures[`${runtime}Upload`].value + (runtime === 'workers' ? figures.workersPut.value : 0),
    relay: figures[`${runtime}Relay`].value,
    request: figures[`${runtime}Request`].value,
    call: figures[`${runtime}Call`].value,
  }
}

/** Figures from the text of docs/performance.json; what it does not have is assumed. */
export function figuresFrom(text: string | undefined): Figures {
  const results: unknown = text === undefined ? undefined : JSON.parse(text)
  const figures = Object.entries<Source>(sources).map(([name, source]): [string, Figure] => {
    const { unit, about, factor = 1, contestant } = source
    const measured = medianIn(results, source)
    return [
      name,
      {
        unit,
        about,
        row: source.row === 'none' ? '–' : `${source.row} / ${contestant}`,
        value: measured === undefined ? source.assumed : measured * factor,
        origin: measured === undefined ? 'assumed' : 'measured',
      },
    ]
  })
  return Object.fromEntries(figures) as Figures
}

/** The figures of this checkout. */
export function readFigures(): Figures {
  try {
    return figuresFrom(
      readFileSync(new URL('../../docs/performance.json', import.meta.url), 'utf8'),
    )
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return figuresFrom(undefined)
    }
    throw error
  }
}

function medianIn(results: unknown, { row, contestant, of }: Source): number | undefined {
  const rows = member(results, 'rows')
  const found = Array.isArray(rows) ? rows.find((one) => member(one, 'id') === row) : undefined
  const summaries = member(member(found, 'contestants'), contestant)
  const medianOf = (name: string) => {
    const median = member(member(summaries, name), 'median')
    return typeof median === 'number' && median > 0 ? median : undefined
  }
  if (of !== 'growth') return medianOf(of)
  const [peak, idle] = [medianOf('peak'), medianOf('idle')]
  return peak === undefined || idle === undefined ? undefined : peak - idle
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}
