/** One line of a panel: a value for each body size in MiB, and the sizes it failed at. */
export interface Series {
  readonly points: readonly {
    readonly size: number
    readonly value: number
    readonly min: number
    readonly max: number
  }[]
  readonly failures: readonly number[]
}

export interface Panel {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly title: string
  /** Of the values; sizes are always logarithmic. */
  readonly scale: 'linear' | 'log'
  readonly series: readonly Series[]
}

/** One plot with axes, as SVG elements of classes `s0`, `s1`, … by series. */
export function panel({ x, y, width, height, title, scale, series }: Panel): string {
  const sizes = [...new Set(series.flatMap((one) => [...sizesOf(one)]))].sort((a, b) => a - b)
  const ticks = ticksOf(scale, series)
  const across = (size: number) =>
    x + 14 + position(Math.log(size), sizes.map(Math.log)) * (width - 28)
  const flat = scale === 'log' ? Math.log : (value: number) => value
  const up = (value: number) => y + height - position(flat(value), ticks.map(flat)) * height
  const grid = ticks.map(
    (tick) => `<path class="grid" d="M${x} ${up(tick).toFixed(1)}h${width}"/>
<text class="tick" x="${x - 8}" y="${(up(tick) + 4).toFixed(1)}" text-anchor="end">${tick}</text>`,
  )
  const axis = sizes.map(
    (size) => `<path class="axis" d="M${across(size).toFixed(1)} ${y + height}v5"/>
<text class="tick" x="${across(size).toFixed(1)}" y="${y + height + 18}" text-anchor="middle">${size}</text>`,
  )
  return [
    `<text class="panel" x="${x}" y="${y - 42}">${title}</text>`,
    ...grid,
    ...axis,
    `<path class="axis" d="M${x} ${y + height}h${width}"/>`,
    `<text class="tick" x="${x + width / 2}" y="${y + height + 36}" text-anchor="middle">size of the body, MiB (log)</text>`,
    ...series.map((one, at) => curve(one, at, across, up)),
    ...crosses(series, across, y),
  ].join('\n')
}

function curve(
  { points }: Series,
  at: number,
  across: (size: number) => number,
  up: (value: number) => number,
): string {
  const places = points.map(
    ({ size, value }) => `${across(size).toFixed(1)} ${up(value).toFixed(1)}`,
  )
  const spread = points.map(
    ({ size, min, max }) =>
      `<path class="spread s${at}" d="M${across(size).toFixed(1)} ${up(min).toFixed(1)}V${up(max).toFixed(1)}"/>`,
  )
  const dots = points.map(
    ({ size, value }) =>
      `<circle class="dot s${at}" cx="${across(size).toFixed(1)}" cy="${up(value).toFixed(1)}" r="3.5"/>`,
  )
  const line = places.length > 1 ? [`<path class="line s${at}" d="M${places.join('L')}"/>`] : []
  return [...spread, ...line, ...dots].join('\n')
}

/** In a strip of their own above the plot, where no height could be taken for a value. */
function crosses(
  series: readonly Series[],
  across: (size: number) => number,
  top: number,
): readonly string[] {
  return series.flatMap(({ failures }, at) =>
    failures.map((size) => {
      const below = series.slice(0, at).filter((other) => other.failures.includes(size)).length
      const [x, y] = [(across(size) - 4).toFixed(1), top - 16 - below * 12]
      return `<path class="cross s${at}" d="M${x} ${y}l8 8m0 -8l-8 8"/>`
    }),
  )
}

function sizesOf({ points, failures }: Series): readonly number[] {
  return [...points.map(({ size }) => size), ...failures]
}

/** 0 to 1 between the ends of a sorted range. */
function position(value: number, range: readonly number[]): number {
  const [first = 0, last = 1] = [range[0], range.at(-1)]
  return last === first ? 0.5 : (value - first) / (last - first)
}

/** Round numbers from under the least value to over the greatest. */
function ticksOf(scale: 'linear' | 'log', series: readonly Series[]): readonly number[] {
  const values = series.flatMap(({ points }) => points.flatMap(({ min, max }) => [min, max]))
  const greatest = Math.max(1, ...values)
  if (scale === 'linear') {
    const step = roundUp(greatest / 5)
    return Array.from({ length: Math.ceil(greatest / step) + 1 }, (_, at) => at * step)
  }
  const ticks = [50]
  while ((ticks.at(-1) ?? greatest) < greatest) ticks.push((ticks.at(-1) ?? 1) * 2)
  return ticks.length > 1 ? ticks : [50, 100]
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10)
}
