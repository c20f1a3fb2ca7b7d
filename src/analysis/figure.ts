import { numberAt } from './fields.ts'

export type Unit = 'ms' | 'share' | 'count' | 'per_second' | 'seconds' | 'bytes' | 'percent' | 'ratio'

/** One figure of a run, whoever wrote its file, and what is good of it. */
export interface Figure {
  /** As thresholds name it where they know it: `p(95)`, `throughput`, `accept.p(99)`. */
  readonly name: string
  readonly title: string
  readonly group: string
  readonly unit: Unit
  /** `neither`: a fact of the run, as the bytes that were sent. */
  readonly better: 'higher' | 'lower' | 'neither'
  /** Null when the file does not say. */
  read(json: unknown): number | null
}

type Shape = Pick<Figure, 'unit' | 'better'>

export const LOWER_MS: Shape = { unit: 'ms', better: 'lower' }
export const LOWER_COUNT: Shape = { unit: 'count', better: 'lower' }
export const HIGHER_SHARE: Shape = { unit: 'share', better: 'higher' }
export const HIGHER_RATE: Shape = { unit: 'per_second', better: 'higher' }

/** A figure that stands at one of several paths, the first that has it. */
export function figure(
  about: Pick<Figure, 'name' | 'title' | 'group'>,
  shape: Shape,
  paths: readonly string[],
): Figure {
  const split = paths.map((path) => path.split('/'))
  return {
    ...about,
    ...shape,
    read(json) {
      for (const path of split) {
        const value = numberAt(json, ...path)
        if (value !== null) return value
      }
      return null
    },
  }
}

const PERCENTILES = {
  avg: ['avg', 'average'],
  min: ['min', 'minimum'],
  'p(50)': ['p50', 'p50'],
  'p(90)': ['p90', 'p90'],
  'p(95)': ['p95', 'p95'],
  'p(99)': ['p99', 'p99'],
  'p(99.9)': ['p99_9', 'p99.9'],
  max: ['max', 'maximum'],
} as const

type Aggregate = keyof typeof PERCENTILES
export const ALL_AGGREGATES = Object.keys(PERCENTILES) as Aggregate[]

export interface LatencyFigures {
  readonly group: string
  /** Before the name, as `accept.`; empty for the response time. */
  readonly prefix: string
  /** Paths of a latency summary. */
  readonly paths: readonly string[]
}

/** Percentiles and ends of one kind of latency. */
export function latencyFigures(about: LatencyFigures, aggregates: readonly Aggregate[]): Figure[] {
  const { group, prefix, paths } = about
  return aggregates.map((aggregate) => {
    const [key, title] = PERCENTILES[aggregate]
    const names = { name: prefix + aggregate, title, group }
    return figure(
      names,
      LOWER_MS,
      paths.map((path) => path.replace('*', key)),
    )
  })
}
