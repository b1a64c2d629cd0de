import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { chartOf } from '../../bench/report/chart.ts'
import { renderMarkdown } from '../../bench/report/markdown.ts'
import type { FigureResult, Results, RowResult } from '../../bench/report/results.ts'
import { circumstancesOfTest } from './fixtures.ts'

const docs = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8')

const sum = (median: number) => ({ median, min: median * 0.9, max: median * 1.1 })

function rowOf(id: string, rest: Partial<RowResult> = {}): RowResult {
  return {
    id,
    title: `Title of ${id}`,
    about: 'About.',
    measured: circumstancesOfTest,
    rounds: 5,
    figures: [],
    contestants: {},
    ...rest,
  }
}

const figure = (name: string, median: number | null, atLeast: number): FigureResult => ({
  figure: name,
  unit: '×',
  target: { atLeast },
  ...(median === null ? { median, min: null, max: null } : sum(median)),
})

describe('docs/performance', () => {
  const results: Results = JSON.parse(docs('performance.json'))

  it('is the page that its results render to (`npm run bench -- --render`)', () => {
    expect(docs('performance.md')).toBe(renderMarkdown(results))
  })

  it('is the chart that its results render to', () => {
    expect(docs('performance.svg')).toBe(chartOf(results))
  })
})

describe('renderMarkdown', () => {
  it('says of each figure what was wanted, what came out and whether it is enough', () => {
    const page = renderMarkdown({
      rows: [rowOf('up', { figures: [figure('rate', 0.97123, 0.95), figure('more', 0.5, 0.6)] })],
    })
    expect(page).toContain('| Title of up | rate | ≥ 0.95 × | 0.971 × | 0.874–1.07 | 5 | A | met |')
    expect(page).toContain('|  | more | ≥ 0.6 × | 0.5 × | 0.45–0.55 | 5 | A | **missed** |')
  })

  it('lists what was missed, with what is known of it, and what gave no figure', () => {
    const page = renderMarkdown({
      rows: [rowOf('up', { figures: [figure('rate', 0.5, 0.6), figure('none', null, 1)] })],
    })
    expect(page).toContain('- **Title of up, rate**: 0.5 ×, where the goal is ≥ 0.6 ×. ')
    expect(page).toContain('- **Title of up, none**: not measured, where the goal is ≥ 1 ×. ')
  })

  it('letters each machine or day once', () => {
    const later = { ...circumstancesOfTest, date: '2026-02-01' }
    const page = renderMarkdown({
      rows: [rowOf('a'), rowOf('b', { measured: later }), rowOf('c')],
    })
    expect(page.match(/\*\*Run [A-Z]\*\*/g)).toEqual(['**Run A**', '**Run B**'])
  })

  it('tells of uploads first, whatever the files are called', () => {
    const page = renderMarkdown({
      rows: [rowOf('job-bucket-get'), rowOf('new'), rowOf('upload-node')],
    })
    const places = ['upload-node', 'job-bucket-get', 'new'].map((id) =>
      page.indexOf(`### Title of ${id}`),
    )
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it('shows a failure in place of a rate', () => {
    const page = renderMarkdown({
      rows: [
        rowOf('peers-body-1024', {
          contestants: { gateway: { rate: sum(500) }, naive: { failure: 'answered 500' } },
        }),
      ],
    })
    expect(page).toContain('| gateway | 500 (450–550) |')
    expect(page).toContain('| naive | **fails** |')
    expect(page).toContain('naive fails: answered 500')
  })
})

describe('chartOf', () => {
  it('draws a line through the sizes and a cross where a contestant fails', () => {
    const svg = chartOf({
      rows: [
        rowOf('peers-body-16', { contestants: { gateway: { rate: sum(500), peak: sum(90) } } }),
        rowOf('peers-body-128', { contestants: { gateway: { rate: sum(600), peak: sum(95) } } }),
        rowOf('peers-body-1024', { contestants: { naive: { failure: 'answered 500' } } }),
      ],
    })
    expect(svg.match(/class="line s0" d="M[\d.]+ [\d.]+L/g)).toHaveLength(2)
    expect(svg.match(/class="cross s1"/g)).toHaveLength(2)
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('draws empty panels of no results', () => {
    expect(chartOf({ rows: [] })).not.toMatch(/NaN|undefined|Infinity/)
  })
})
