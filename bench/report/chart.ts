import { panel, type Series } from './panel.ts'
import type { ContestantResult, Results, RowResult } from './results.ts'

/** Rows that the chart is drawn of: the number is the body's size in MiB. */
export const bodyRow = /^peers-body-(\d+)$/

/** Contestants that are drawn, by their names in those rows, and how the legend calls them. */
export const drawn: readonly { readonly name: string; readonly label: string }[] = [
  { name: 'gateway', label: 'Bulkway' },
  { name: 'naive', label: 'naive: await req.json()' },
  { name: 'stream-json', label: 'stream-json' },
  { name: 'streamparser', label: '@streamparser/json' },
]

const width = 880
const height = 430
const legendTop = 40

/** Rate and peak memory over the size of the body, as one SVG for light and dark pages. */
export function chartOf(results: Results): string {
  const rows = results.rows
    .filter(({ id }) => bodyRow.test(id))
    .sort((one, other) => sizeOf(one) - sizeOf(other))
  const left = { x: 64, y: 122, width: 350, height: 240 }
  const right = { ...left, x: 506 }
  const parts = [
    text(24, 22, 'One base64 string in a JSON body, staged in a store over loopback', 'title'),
    drawn.map(({ label }, at) => legend(40 + at * 205, legendTop, label, at)).join('\n'),
    panel({ ...left, title: 'Rate, MB/s', scale: 'linear', series: seriesOf(rows, 'rate') }),
    panel({
      ...right,
      title: 'Peak resident memory, MB (log)',
      scale: 'log',
      series: seriesOf(rows, 'peak'),
    }),
    text(
      24,
      height - 12,
      '× fails on a body of this size. Median of the rounds; bars span least to most.',
      'tick',
    ),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Rate and peak memory over the size of the body">
<style>${style}</style>
<rect class="page" width="${width}" height="${height}" rx="6"/>
${parts.join('\n')}
</svg>
`
}

function seriesOf(rows: readonly RowResult[], what: 'rate' | 'peak'): readonly Series[] {
  return drawn.map(({ name }) => ({
    points: rows.flatMap((row) => pointOf(sizeOf(row), row.contestants[name]?.[what])),
    failures: rows
      .filter(({ contestants }) => contestants[name]?.failure !== undefined)
      .map(sizeOf),
  }))
}

function pointOf(size: number, summary: ContestantResult['rate']): Series['points'] {
  if (summary?.median == null || summary.min == null || summary.max == null) return []
  return [{ size, value: summary.median, min: summary.min, max: summary.max }]
}

function sizeOf({ id }: RowResult): number {
  return Number(bodyRow.exec(id)?.[1])
}

function legend(x: number, y: number, label: string, at: number): string {
  return `<path class="line s${at}" d="M${x} ${y}h26"/><circle class="dot s${at}" cx="${x + 13}" cy="${y}" r="3.5"/>
${text(x + 33, y + 4, label, 'label')}`
}

function text(x: number, y: number, words: string, kind: string): string {
  return `<text class="${kind}" x="${x}" y="${y}">${words}</text>`
}

// Colours that stay apart for the colour-blind; each series has a dash of its own besides.
const style = `
text{font:12px system-ui,sans-serif;fill:#24292f}
.title{font-size:14px;font-weight:600}
.panel{font-weight:600}
.tick{font-size:11px;fill:#57606a}
.page{fill:#fff}
.grid{stroke:#d0d7de;stroke-width:1}
.axis{stroke:#57606a;stroke-width:1}
.line{fill:none;stroke-width:2}
.spread{stroke-width:1;opacity:.6}
.s0{stroke:#0550ae}.s1{stroke:#bc4c00}.s2{stroke:#116329}.s3{stroke:#8250df}
.line.s0{stroke-width:3}.line.s1{stroke-dasharray:7 3}.line.s2{stroke-dasharray:2 3}.line.s3{stroke-dasharray:9 3 2 3}
.dot{fill:#fff;stroke-width:2}.cross{fill:none;stroke-width:2}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.tick{fill:#9198a1}.page{fill:#0d1117}.grid{stroke:#30363d}.axis{stroke:#9198a1}.dot{fill:#0d1117}
.s0{stroke:#58a6ff}.s1{stroke:#f0883e}.s2{stroke:#3fb950}.s3{stroke:#d2a8ff}
}
`
