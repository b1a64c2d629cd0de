/** The chart of docs/slo.md: dollars a month over jobs a day, both logarithmic. */
import type { Figures } from './figures.ts'
import { outlook } from './outlook.ts'
import { workloadAt } from './workload.ts'

const width = 800
const height = 430
const frame = { left: 84, right: 210, top: 52, bottom: 56 }
const jobs = { from: 1e3, to: 1e6 }
const dollars = { from: 1, to: 1e5 }

const lines = [
  { name: 'Node and S3 in AWS', color: '#b4472f', of: 'metered' },
  { name: 'Node, not metered, and R2', color: '#2f6db4', of: 'node' },
  { name: 'Workers and R2', color: '#d18a1b', of: 'workers' },
] as const

function x(value: number): number {
  const span = width - frame.left - frame.right
  return frame.left + (span * Math.log(value / jobs.from)) / Math.log(jobs.to / jobs.from)
}

function y(value: number): number {
  const span = height - frame.top - frame.bottom
  const part = Math.log(value / dollars.from) / Math.log(dollars.to / dollars.from)
  return height - frame.bottom - span * part
}

/** The SVG's text; the same figures draw the same. */
export function chart(figures: Figures): string {
  const steps = Array.from({ length: 13 }, (_, at) => 10 ** (3 + at / 4))
  const all = steps.map((perDay) => ({
    perDay,
    money: outlook(workloadAt(Math.round(perDay)), figures).money,
  }))
  const curves = lines.map(({ name, color, of }) => {
    const at = all.map(({ perDay, money }) => ({ x: x(perDay), y: y(money[of].total) }))
    const path = at.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(' ')
    return { name, color, path, end: at.at(-1) ?? { x: 0, y: 0 } }
  })
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Dollars a month over jobs a day" font-family="system-ui, sans-serif" font-size="13" fill="#333">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${frame.left}" y="24" font-size="16" font-weight="600">Dollars a month over jobs a day</text>`,
    `<text x="${frame.left}" y="42" fill="#666">12.8 MB of payload a job on average, a fifth of it as output; both axes logarithmic</text>`,
    ...grid(),
    ...curves.map(
      ({ color, path }) =>
        `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2.5" stroke-linejoin="round"/>`,
    ),
    ...labels(curves),
    '</svg>',
  ].join('\n')}\n`
}

interface Label {
  readonly name: string
  readonly color: string
  readonly end: { readonly x: number; readonly y: number }
}

/** Names beside the ends of their curves, no two over each other. */
function labels(curves: readonly Label[]): string[] {
  let above = 0
  return [...curves]
    .sort((one, other) => one.end.y - other.end.y)
    .map(({ name, color, end }) => {
      above = Math.max(end.y + 4, above + 19)
      return `<text x="${end.x + 8}" y="${above.toFixed(1)}" fill="${color}" font-weight="600">${name}</text>`
    })
}

function grid(): string[] {
  const bottom = height - frame.bottom
  const right = width - frame.right
  const upright = powers(jobs).map((value) => {
    const at = x(value).toFixed(1)
    const text = value.toLocaleString('en-US')
    return `<line x1="${at}" y1="${frame.top}" x2="${at}" y2="${bottom}" stroke="#e5e5e5"/><text x="${at}" y="${bottom + 20}" text-anchor="middle">${text}</text>`
  })
  const level = powers(dollars).map((value) => {
    const at = y(value).toFixed(1)
    const text = `$${value.toLocaleString('en-US')}`
    return `<line x1="${frame.left}" y1="${at}" x2="${right}" y2="${at}" stroke="#e5e5e5"/><text x="${frame.left - 8}" y="${Number(at) + 4}" text-anchor="end">${text}</text>`
  })
  const middle = (frame.left + right) / 2
  return [
    ...upright,
    ...level,
    `<text x="${middle}" y="${height - 14}" text-anchor="middle" fill="#666">jobs a day</text>`,
  ]
}

function powers({ from, to }: { from: number; to: number }): number[] {
  const first = Math.log10(from)
  return Array.from({ length: Math.log10(to) - first + 1 }, (_, at) => 10 ** (first + at))
}
