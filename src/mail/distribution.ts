/** How a whole number is spread over the messages of a run: sizes in bytes, or how many recipients. Plain data. */
export type Distribution =
  | { readonly kind: 'uniform'; readonly least: number; readonly most: number }
  /** Its logarithm is normally distributed (`sigma`: of that), and cut at four sigmas to either side. */
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number; readonly least: number }
  | { readonly kind: 'weights'; readonly values: readonly number[]; readonly weights: readonly number[] }

/** Beyond that are 0.006 % of a normal distribution. */
const MOST_SIGMAS = 4

/** The number for two draws in [0, 1). */
export function drawnFrom(distribution: Distribution, draw: number, second: number): number {
  switch (distribution.kind) {
    case 'uniform': {
      const { least, most } = distribution
      return least + Math.floor(draw * (most - least + 1))
    }
    case 'lognormal': {
      // Box-Muller.
      const normal = Math.sqrt(-2 * Math.log(1 - draw)) * Math.cos(2 * Math.PI * second)
      return lognormal(distribution, normal)
    }
    case 'weights':
      return weighted(distribution, draw)
    default:
      return distribution satisfies never
  }
}

type Lognormal = Extract<Distribution, { kind: 'lognormal' }>
type Weights = Extract<Distribution, { kind: 'weights' }>

function lognormal({ median, sigma, least }: Lognormal, normal: number): number {
  const cut = Math.max(-MOST_SIGMAS, Math.min(MOST_SIGMAS, normal))
  return Math.max(least, Math.round(median * Math.exp(sigma * cut)))
}

function weighted({ values, weights }: Weights, draw: number): number {
  let left = draw * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return values[index] as number
  }
  return values.at(-1) as number
}

/** The least and the most that it gives. */
export function boundsOf(distribution: Distribution): { readonly least: number; readonly most: number } {
  switch (distribution.kind) {
    case 'uniform':
      return { least: distribution.least, most: distribution.most }
    case 'lognormal':
      return {
        least: lognormal(distribution, -MOST_SIGMAS),
        most: lognormal(distribution, MOST_SIGMAS),
      }
    case 'weights':
      return { least: Math.min(...distribution.values), most: Math.max(...distribution.values) }
    default:
      return distribution satisfies never
  }
}

/** Steps of the numerical integral over the normal distribution, from cut to cut. */
const STEPS = 4_000

export function meanOf(distribution: Distribution): number {
  switch (distribution.kind) {
    case 'uniform':
      return (distribution.least + distribution.most) / 2
    case 'lognormal': {
      // What lies beyond the cuts is at the cuts: the sum of the densities stands for all of it.
      let sum = 0
      let densities = 0
      for (let step = 0; step <= STEPS; step++) {
        const normal = MOST_SIGMAS * ((2 * step) / STEPS - 1)
        const density = Math.exp((-normal * normal) / 2)
        densities += density
        sum += density * lognormal(distribution, normal)
      }
      return sum / densities
    }
    case 'weights': {
      const { values, weights } = distribution
      const all = weights.reduce((sum, weight) => sum + weight, 0)
      return values.reduce((sum, value, index) => sum + (value * (weights[index] as number)) / all, 0)
    }
    default:
      return distribution satisfies never
  }
}

/** How one value is read and written, and what it may be. */
export interface Unit {
  readonly read: (text: string) => number | undefined
  readonly least: number
  readonly most: number
  /** As "a size". */
  readonly what: string
}

const LOGNORMAL = /^lognormal\(([^,()]+),([^,()]+)\)$/i
/** A spread that is wider has its mean far beyond what a run ever draws. */
const MOST_SIGMA = 3

/**
 * `1KB..100KB`, `lognormal(12KB,1.5)` or `small:40,50MB:5`: the distribution, what is wrong with it, or undefined where
 * the text is none of these.
 */
export function readDistribution(
  text: string,
  unit: Unit,
): { readonly value: Distribution } | { readonly wrong: string } | undefined {
  const compact = text.replaceAll(/\s+/g, '')
  const [, median, sigma] = LOGNORMAL.exec(compact) ?? []
  if (median !== undefined && sigma !== undefined) return readLognormal(median, sigma, unit)
  if (compact.includes('..')) return readRange(compact, unit)
  return compact.includes(':') ? readWeights(compact, unit) : undefined
}

type Read = { readonly value: Distribution } | { readonly wrong: string }

function readLognormal(medianText: string, sigmaText: string, unit: Unit): Read {
  const median = valueIn(medianText, unit)
  if (typeof median === 'string') return { wrong: median }
  const sigma = /^\d+(\.\d+)?$/.test(sigmaText) ? Number(sigmaText) : Number.NaN
  if (!(sigma > 0 && sigma <= MOST_SIGMA))
    return { wrong: `has the sigma "${sigmaText}", which is not a number above 0 up to ${MOST_SIGMA}` }
  const value = { kind: 'lognormal', median, sigma, least: unit.least } as const
  if (boundsOf(value).most > unit.most)
    return { wrong: `reaches beyond ${unit.most.toLocaleString('en-US')} at ${MOST_SIGMAS} sigmas` }
  return { value }
}

function readRange(text: string, unit: Unit): Read {
  const [from = '', to = '', ...more] = text.split('..')
  if (more.length > 0) return { wrong: 'has more than one ".."' }
  const [least, most] = [valueIn(from, unit), valueIn(to, unit)]
  if (typeof least === 'string') return { wrong: least }
  if (typeof most === 'string') return { wrong: most }
  if (least > most) return { wrong: 'ends before it begins' }
  return { value: { kind: 'uniform', least, most } }
}

const MOST_WEIGHTS = 100

function readWeights(text: string, unit: Unit): Read {
  const values: number[] = []
  const weights: number[] = []
  for (const part of text.split(',')) {
    const [, valueText = '', weightText = ''] = /^(.*):(\d+(?:\.\d+)?)$/.exec(part) ?? []
    if (weightText === '') return { wrong: `has "${part}", which is not ${unit.what} and a weight, as 10:5` }
    const value = valueIn(valueText, unit)
    if (typeof value === 'string') return { wrong: value }
    if (values.includes(value)) return { wrong: `has ${valueText} twice` }
    values.push(value)
    weights.push(Number(weightText))
  }
  if (values.length > MOST_WEIGHTS) return { wrong: `has more than ${MOST_WEIGHTS} weights` }
  if (!weights.some((weight) => weight > 0)) return { wrong: 'has no weight above 0' }
  const used = weights.map((weight) => weight > 0)
  const only = <T>(all: readonly T[]) => all.filter((_, index) => used[index])
  return { value: { kind: 'weights', values: only(values), weights: only(weights) } }
}

/** The value, or what is wrong with it. */
function valueIn(text: string, { read, least, most, what }: Unit): number | string {
  const value = read(text)
  if (value === undefined || !Number.isInteger(value)) return `has "${text}", which is not ${what}`
  if (value < least) return `has "${text}", which is too small`
  return value > most ? `has "${text}", which is too large` : value
}
