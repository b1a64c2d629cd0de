/** A stretch of time in one row, in seconds from the start. */
export interface Span {
  readonly kind: string
  readonly from: number
  readonly to: number
  /** Written into the span where there is room. */
  readonly label?: string
}

/** One line of a timeline. */
export interface Row {
  readonly name: string
  readonly spans: readonly Span[]
}

/** What a timeline shows. */
export interface Timeline {
  readonly title: string
  readonly subtitle: string
  /** The kinds of spans, in the order of the legend. */
  readonly kinds: Readonly<Record<string, { readonly label: string; readonly colour: string }>>
  readonly rows: readonly Row[]
  /** Moments with a word each. */
  readonly marks?: readonly { readonly at: number; readonly label: string }[]
  /** What is drawn below the rows, over the same seconds. */
  readonly panel?: Panel
}

/** A part of a picture that shares its axis. */
export interface Panel {
  readonly height: number
  /** `x` is where a second lies. */
  draw(place: {
    readonly x: (seconds: number) => number
    readonly top: number
    readonly left: number
  }): readonly string[]
}

const width = 960
const edge = 24
const characterWidth = 6.4
export const font: string = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"

/** Draws rows of spans over one axis of seconds, as SVG. */
export function drawTimeline({
  title,
  subtitle,
  kinds,
  rows,
  marks = [],
  panel,
}: Timeline): string {
  // Many rows are a texture; few have names and words.
  const fine = rows.length > 30
  const pitch = fine ? Math.max(2, Math.min(8, 700 / rows.length)) : 34
  const left = fine ? edge : 170
  const top = marks.length > 0 ? 118 : 100
  const below = top + rows.length * pitch
  const bottom = below + (panel?.height ?? 0)
  const end = Math.max(1e-3, ...rows.flatMap(({ spans }) => spans.map(({ to }) => to)))
  const x = (seconds: number) => round(left + (seconds / end) * (width - edge - left))

  const parts = [
    text(edge, 34, title, 'h'),
    text(edge, 56, subtitle, 's'),
    ...legend(Object.values(kinds), 78),
  ]
  for (const tick of ticksTo(end)) {
    parts.push(line(x(tick), top - 6, x(tick), bottom + 4, 'g'))
    parts.push(text(x(tick), bottom + 20, `${tick} s`, 's', 'middle'))
  }
  for (const [at, { name, spans }] of rows.entries()) {
    const y = top + at * pitch
    if (!fine) parts.push(text(left - 12, y + pitch / 2 + 4, name, 'l', 'end'))
    for (const { kind, from, to, label } of spans) {
      const room = x(to) - x(from)
      if (room <= 0) continue
      const height = fine ? pitch - 0.5 : pitch - 10
      const over = fine ? y : y + 5
      const colour = kinds[kind]?.colour ?? '#8b949e'
      parts.push(
        `<rect x="${x(from)}" y="${round(over)}" width="${round(room)}" height="${round(height)}" fill="${colour}"/>`,
      )
      if (label !== undefined && label.length * characterWidth < room - 8) {
        parts.push(text(x(from) + 6, over + height / 2 + 4, label, 'w'))
      }
    }
  }
  for (const { at, label } of marks) {
    parts.push(line(x(at), top - 6, x(at), bottom + 4, 'm'))
    const anchor = x(at) > width - 160 ? 'end' : 'middle'
    parts.push(text(x(at), top - 12, label, 'r', anchor))
  }
  parts.push(...(panel?.draw({ x, top: below, left }) ?? []))
  return svg({ title, height: bottom + 34, body: parts })
}

function legend(
  kinds: readonly { readonly label: string; readonly colour: string }[],
  y: number,
): string[] {
  let at = edge
  return kinds.flatMap(({ label, colour }) => {
    const here = at
    at += 22 + label.length * characterWidth + 14
    return [
      `<rect x="${round(here)}" y="${y - 10}" width="12" height="12" rx="2" fill="${colour}"/>`,
      text(here + 18, y, label, 's'),
    ]
  })
}

/** Round seconds for an axis, about eight of them. */
export function ticksTo(end: number): number[] {
  const rough = end / 8
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough
  const count = Math.floor(end / step + 1e-9)
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(6)))
}

/** A whole picture, for light pages and dark ones. */
export function svg(picture: {
  readonly title: string
  readonly height: number
  readonly body: readonly string[]
}): string {
  const { title, height, body } = picture
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.ceil(height)}" role="img" aria-label="${escaped(title)}" font-family="${font}">
  <style>
    .p { fill: #ffffff } .h { font-size: 19px; font-weight: 600; fill: #1f2328 }
    .s { font-size: 12px; fill: #57606a } .l { font-size: 13px; fill: #1f2328 }
    .w { font-size: 12px; fill: #ffffff } .r { font-size: 12px; font-weight: 600; fill: #cf222e }
    .g { stroke: #d0d7de } .m { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3 }
    @media (prefers-color-scheme: dark) {
      .p { fill: #0d1117 } .h, .l { fill: #e6edf3 } .s { fill: #9da7b3 } .g { stroke: #30363d }
      .r { fill: #ff7b72 } .m { stroke: #ff7b72 }
    }
  </style>
  <rect class="p" width="100%" height="100%"/>
  ${body.join('\n  ')}
</svg>
`
}

/** One line of text; `kind` is a class of the picture's. */
export function text(
  x: number,
  y: number,
  content: string,
  kind: string,
  anchor?: 'middle' | 'end',
): string {
  const anchored = anchor === undefined ? '' : ` text-anchor="${anchor}"`
  return `<text x="${round(x)}" y="${round(y)}" class="${kind}"${anchored}>${escaped(content)}</text>`
}

/** One straight line. */
export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${kind}"/>`
}

const round = (value: number) => Number(value.toFixed(1))

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' }
const escaped = (value: string) => value.replace(/[&<"]/g, (one) => entities[one] ?? one)
