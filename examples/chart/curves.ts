import { line, type Panel, text } from './timeline.ts'

/** One line of a panel. */
export interface Curve {
  readonly label: string
  readonly colour: string
  /** Drawn in dashes. */
  readonly lost?: boolean
  /** Seconds and values, in the order of time. */
  readonly points: readonly (readonly [at: number, value: number])[]
}

/** Draws curves over the axis of a timeline, from 0 to their highest value. */
export function curvesPanel(options: {
  readonly name: string
  readonly height: number
  readonly curves: readonly Curve[]
}): Panel {
  const { name, height, curves } = options
  const highest = Math.max(1e-9, ...curves.flatMap(({ points }) => points.map(([, one]) => one)))
  return {
    height,
    draw({ x, top, left }) {
      const room = height - 40
      const y = (value: number) => top + 28 + room - (value / highest) * room
      const parts = [text(left - 12, top + 40, name, 'l', 'end')]
      for (const share of [0, 0.5, 1]) {
        const value = Number((share * highest).toFixed(2))
        parts.push(line(left - 6, y(value), left, y(value), 'g'))
        parts.push(text(left - 12, y(value) + 4, share === 1 ? '' : `${value}`, 's', 'end'))
      }
      for (const { colour, lost, points, label } of curves) {
        const [first] = points
        if (first === undefined) continue
        const path = points.map(([at, value]) => `${x(at)},${y(value).toFixed(1)}`).join(' ')
        const dashes = lost === true ? ' stroke-dasharray="4 3"' : ''
        parts.push(
          `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`,
        )
        const lowest = Math.max(...points.map(([, value]) => value))
        parts.push(text(x(first[0]) + 4, y(lowest) - 8, label, 's'))
      }
      return parts
    },
  }
}
