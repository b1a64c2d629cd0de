import { bodyRow } from './chart.ts'
import { notes } from './notes.ts'
import { peers } from './peers.ts'
import { closing, method, opening } from './prose.ts'
import {
  type Circumstances,
  type ContestantResult,
  type FigureResult,
  type Results,
  type RowResult,
  verdictOf,
} from './results.ts'
import type { Summary } from './summary.ts'

/** `docs/performance.md`, of nothing but the results and the texts of this folder. */
export function renderMarkdown(results: Results): string {
  const own = inOrder(results.rows.filter(({ id }) => !isPeers(id)))
  const beside = results.rows.filter(({ id }) => isPeers(id))
  const settings = settingsOf(results.rows)
  return [
    opening,
    results.rows.some(({ id }) => bodyRow.test(id))
      ? '![Rate and peak memory over body size](performance.svg)'
      : '',
    '## Figures',
    own.length > 0 ? figureTable(own, settings) : 'Nothing is measured yet.',
    '## Missed',
    missed(results.rows),
    '## Peers',
    peerTable(results.rows),
    ...beside.map(besideUs),
    '## Absolute',
    'What the ratios above were taken from. Absolute rates say as much of the machine and its neighbours as of the program: compare within one table.',
    ...own.map(
      ({ title, about, contestants }) => `### ${title}\n\n${about}\n\n${rates(contestants)}`,
    ),
    method,
    '## Machine and versions',
    settingList(settings),
    closing,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

/**
 * As a reader asks: giant bodies, what they keep in memory, forms and files, answers, the job bucket,
 * small requests.
 */
const order = [
  /^upload-node/,
  /^memory/,
  /^concurrent/,
  /^workers-upload/,
  /^upload/,
  /^splice/,
  /^scrub/,
  /^workers-scrub/,
  /^job-bucket/,
  /^small/,
]

function inOrder(rows: readonly RowResult[]): readonly RowResult[] {
  const placeOf = ({ id }: RowResult) => {
    const at = order.findIndex((group) => group.test(id))
    return at < 0 ? order.length : at
  }
  return [...rows].sort((one, other) => placeOf(one) - placeOf(other))
}

function isPeers(id: string): boolean {
  return id.startsWith('peers-')
}

function besideUs({ title, about, contestants, figures, rounds, ...row }: RowResult): string {
  const ratios = figures
    .filter(({ median }) => median !== null)
    .map((one) => `${one.figure} ${plain(one.median)} (${spreadOf(one)})`)
  return [
    `### ${title}`,
    `${about} ${rounds} rounds, ${row.measured.date}.`,
    rates(contestants),
    ...(ratios.length > 0 ? [`Bulkway over them: ${ratios.join('; ')}.`] : []),
  ].join('\n\n')
}

function figureTable(rows: readonly RowResult[], settings: readonly Setting[]): string {
  return table(
    ['row', 'figure', 'goal', 'median', 'spread', 'rounds', 'run', ''],
    rows.flatMap((row) =>
      row.figures.map((figure, at) => [
        at === 0 ? row.title : '',
        figure.figure,
        goalOf(figure),
        withUnit(figure.median, figure.unit),
        spreadOf(figure),
        String(row.rounds),
        letterOf(row, settings),
        { met: 'met', missed: '**missed**', shown: '–', 'not measured': '**not measured**' }[
          verdictOf(figure)
        ],
      ]),
    ),
  )
}

function missed(rows: readonly RowResult[]): string {
  const entries = rows.flatMap((row) =>
    row.figures
      .filter((figure) => ['missed', 'not measured'].includes(verdictOf(figure)))
      .map((figure) => {
        const note = notes[`${row.id}/${figure.figure}`] ?? 'No note yet on what was tried.'
        return `- **${row.title}, ${figure.figure}**: ${withUnit(figure.median, figure.unit)}, where the goal is ${goalOf(figure)}. ${note}`
      }),
  )
  if (entries.length > 0) return entries.join('\n')
  const judged = rows.some(({ figures }) => figures.some((one) => verdictOf(one) === 'met'))
  return judged ? 'Nothing: every figure met its goal.' : 'Nothing with a goal is measured yet.'
}

function peerTable(rows: readonly RowResult[]): string {
  const versions = Object.assign({}, ...rows.map(({ measured }) => measured.versions))
  return table(
    ['peer', 'versions', 'what it does here', 'what it cannot do'],
    peers.map(({ name, builtOn, does, cannot }) => [
      name,
      builtOn.map((of) => (versions[of] ? `${of} ${versions[of]}` : of)).join(', '),
      does,
      cannot,
    ]),
  )
}

const columns: readonly (readonly [string, (of: ContestantResult) => Summary | undefined])[] = [
  ['rate, MB/s', ({ rate, requests }) => (requests === undefined ? rate : undefined)],
  ['requests/s', ({ requests }) => requests],
  ['p50, ms', ({ p50 }) => p50],
  ['p99, ms', ({ p99 }) => p99],
  ['CPU, ms/MB', ({ cpu, requests }) => (requests === undefined ? cpu : undefined)],
  ['CPU, µs/request', ({ cpuPerRequest }) => cpuPerRequest],
  ['peak, MB', ({ peak }) => peak],
  ['idle, MB', ({ idle }) => idle],
]

/** A table of every contestant, with the columns that any of them has. */
function rates(contestants: Readonly<Record<string, ContestantResult>>): string {
  const all = Object.entries(contestants)
  const shown = columns.filter(([, of]) => all.some(([, one]) => of(one) !== undefined))
  const failed = all.filter(([, { failure }]) => failure !== undefined)
  const lines = table(
    ['', ...shown.map(([name]) => name)],
    all.map(([name, one]) => [
      name,
      ...shown.map(([, of]) => {
        const summary = of(one)
        if (summary === undefined) return one.failure === undefined ? '–' : '**fails**'
        return `${plain(summary.median)} (${spreadOf(summary)})`
      }),
    ]),
  )
  const why = failed.map(([name, { failure }]) => `${name} fails: ${inCell(failure ?? '')}`)
  return [lines, ...why].join('\n\n')
}

interface Setting {
  readonly letter: string
  readonly measured: Circumstances
}

/** The circumstances of the rows, each once, lettered in the order of the table. */
function settingsOf(rows: readonly RowResult[]): readonly Setting[] {
  const texts = [...new Set(rows.map(({ measured }) => JSON.stringify(measured)))]
  return texts.map((text, at) => ({ letter: lettered(at), measured: JSON.parse(text) }))
}

/** A to Z, then AA, AB, … */
function lettered(at: number): string {
  const last = String.fromCharCode(65 + (at % 26))
  return at < 26 ? last : lettered(Math.floor(at / 26) - 1) + last
}

function letterOf({ measured }: RowResult, settings: readonly Setting[]): string {
  const text = JSON.stringify(measured)
  return settings.find((setting) => JSON.stringify(setting.measured) === text)?.letter ?? ''
}

function settingList(settings: readonly Setting[]): string {
  return settings
    .map(({ letter, measured: { date, machine, versions, remark } }) => {
      const installed = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
      return `- **Run ${letter}**, ${date}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.kernel}; ${installed.join(', ')}${remark ? `; **${remark}**` : ''}`
    })
    .join('\n')
}

function goalOf({ target, unit }: FigureResult): string {
  if (target === undefined) return '–'
  return 'atLeast' in target
    ? `≥ ${plain(target.atLeast)} ${unit}`
    : `≤ ${plain(target.atMost)} ${unit}`
}

function withUnit(value: number | null, unit: string): string {
  return value === null ? 'not measured' : `${plain(value)} ${unit}`
}

function spreadOf({ min, max }: Summary): string {
  return min === null || max === null ? '–' : `${plain(min)}–${plain(max)}`
}

/** Three digits, without an exponent: what a reader can compare. */
function plain(value: number | null): string {
  if (value === null) return '–'
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
