import { describe, expect, test } from 'vitest'
import { drawTimeline, ticksTo } from '../../examples/chart/timeline.ts'

const kinds = { run: { label: 'run', colour: '#00ff00' } }

describe('drawTimeline', () => {
  test('draws a span as long as it took, on an axis to the last end', () => {
    const rows = [
      { name: 'a', spans: [{ kind: 'run', from: 0, to: 5 }] },
      { name: 'b', spans: [{ kind: 'run', from: 5, to: 10 }] },
    ]
    const picture = drawTimeline({ title: 'T', subtitle: '', kinds, rows })
    const spans = [...picture.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)]
      .map(([, x, width]) => [Number(x), Number(width)])
      .slice(-2)

    expect(spans).toEqual([
      [170, 383],
      [553, 383],
    ])
  })

  test('escapes names', () => {
    const rows = [{ name: '<a & "b">', spans: [] }]
    const picture = drawTimeline({ title: 'A < B', subtitle: '&', kinds, rows })

    expect(picture).toContain('&lt;a &amp; &quot;b&quot;>')
    expect(picture).not.toContain('A < B')
  })
})

describe('ticksTo', () => {
  test('gives about eight round seconds', () => {
    expect(ticksTo(33)).toEqual([0, 5, 10, 15, 20, 25, 30])
    expect(ticksTo(0.7)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    expect(ticksTo(100)).toHaveLength(6)
  })
})
