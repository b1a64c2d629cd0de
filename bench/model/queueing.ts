/** The few formulas of queueing theory that the model stands on. */

/** Share of arrivals that find all of `servers` taken and leave (Erlang B); `offered` in erlangs. */
export function lossProbability(offered: number, servers: number): number {
  const whole = Math.floor(servers)
  let loss = 1
  for (let n = 1; n <= whole; n++) loss = (offered * loss) / (n + offered * loss)
  const more = (offered * loss) / (whole + 1 + offered * loss)
  // Between two whole numbers the logarithm is nearly straight.
  return loss * (more / loss) ** (servers - whole)
}

/** Share of arrivals that must wait for one of `servers` (Erlang C); 1 when there is too much work. */
export function waitProbability(offered: number, servers: number): number {
  const load = offered / servers
  if (load >= 1) return 1
  const loss = lossProbability(offered, servers)
  return loss / (1 - load * (1 - loss))
}

/** A positive quantity by its first two moments: `floor` below which it never is, mean and variance. */
export interface Spread {
  readonly floor: number
  readonly mean: number
  readonly variance: number
}

/** The sum of independent quantities. */
export function sum(...parts: readonly Spread[]): Spread {
  return parts.reduce(
    (all, one) => ({
      floor: all.floor + one.floor,
      mean: all.mean + one.mean,
      variance: all.variance + one.variance,
    }),
    { floor: 0, mean: 0, variance: 0 },
  )
}

/** Value below which `share` of a mixture lies, each member a gamma distribution above its floor. */
export function quantile(
  mixture: readonly { readonly share: number; readonly spread: Spread }[],
  share: number,
): number {
  let low = 0
  let high = 1e6
  for (let turn = 0; turn < 80; turn++) {
    const middle = (low + high) / 2
    const below = mixture.reduce((all, one) => all + one.share * gammaBelow(middle, one.spread), 0)
    if (below < share) low = middle
    else high = middle
  }
  return high
}

/** Wilson and Hilferty: the cube root of a gamma variable is nearly normal. */
function gammaBelow(value: number, { floor, mean, variance }: Spread): number {
  if (value <= floor) return 0
  if (variance === 0) return value >= mean ? 1 : 0
  const shape = (mean - floor) ** 2 / variance
  const cube = Math.cbrt((value - floor) / (mean - floor))
  return normalBelow((cube - 1 + 1 / (9 * shape)) * Math.sqrt(9 * shape))
}

/** Distribution function of the normal law (Abramowitz and Stegun 26.2.17, error below 10⁻⁷). */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
  return z > 0 ? 1 - tail : tail
}
