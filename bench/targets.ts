import { CHUNK_SHAPES, type ClientName, floorOf, MAILSTORM_SHAPES } from './clients/list.ts'
import {
  cpuSecondsPerThousand,
  type Measurement,
  messagesPerSecond,
  type Spread,
  spreadOf,
} from './measurement.ts'
import type { Row } from './rounds.ts'

/** What our engine is to reach in relation to another client in the same run. */
export interface Target {
  readonly ours: ClientName
  readonly theirs: ClientName
  readonly figure: 'rate' | 'cpu'
  /** Rate: at least; CPU per message: at most. By size of the message in bytes. */
  readonly bySize: Readonly<Record<number, number>>
}

const sizes = (kb1: number, kb10: number, kb100: number) => ({ 1024: kb1, 10240: kb10, 102400: kb100 })

/** What the engine is held to; docs/benchmarks.md has why. */
export const TARGETS: readonly Target[] = [
  { ours: 'transactions', theirs: 'floor transactions', figure: 'rate', bySize: { 1024: 0.85 } },
  { ours: 'transactions', theirs: 'smtp-source -d', figure: 'rate', bySize: sizes(2, 1.3, 0.8) },
  { ours: 'commands', theirs: 'smtp-source -d', figure: 'rate', bySize: sizes(1.4, 1.2, 0.8) },
  { ours: 'lock-step', theirs: 'smtp-source -d', figure: 'rate', bySize: sizes(0.95, 0.85, 0.9) },
  { ours: 'new connection', theirs: 'smtp-source', figure: 'rate', bySize: sizes(1, 1, 1) },
  { ours: 'commands', theirs: 'nodemailer pool', figure: 'rate', bySize: sizes(10, 7, 3.5) },
  { ours: 'transactions', theirs: 'nodemailer pool', figure: 'rate', bySize: sizes(18, 9, 3.5) },
  { ours: 'commands', theirs: 'smtp-source -d', figure: 'cpu', bySize: sizes(0.65, 0.85, 1.2) },
  { ours: 'transactions', theirs: 'smtp-source -d', figure: 'cpu', bySize: sizes(0.4, 0.7, 1) },
  { ours: 'new connection', theirs: 'smtp-source', figure: 'cpu', bySize: {} },
]

/** CPU per message against the bare script, 1 KB: what the engine is to reach. */
const FLOOR_TARGET = 1.2

/** What `bench --quick` fails beyond, CPU per message against `floor`, unless told `--bar`. */
export const FLOOR_BAR = 1.5

const FLOOR_TARGETS = MAILSTORM_SHAPES.map(
  ({ name }): Target => ({
    ours: name,
    theirs: floorOf(name),
    figure: 'cpu',
    bySize: name === 'new connection' ? {} : { 1024: FLOOR_TARGET },
  }),
)

/** Of chunks there is none. */
const CHUNK_FLOOR_TARGETS = CHUNK_SHAPES.map(
  ({ name }): Target => ({ ours: name, theirs: floorOf(name), figure: 'cpu', bySize: {} }),
)

const besideSource = (ours: ClientName, least?: number): Target => ({
  ours,
  theirs: 'smtp-source -d',
  figure: 'rate',
  bySize: least === undefined ? {} : { 1024: least },
})

/** On a server that keeps nothing and takes chunks, of 1 KB: with replies at once, and 10 ms late. */
export const NULL_SINK_TARGETS = {
  atOnce: [
    besideSource('chunks 8', 8),
    besideSource('chunks 32'),
    besideSource('transactions'),
    besideSource('commands'),
    ...CHUNK_FLOOR_TARGETS,
  ],
  late: [
    besideSource('chunks 32', 60),
    besideSource('chunks 8'),
    besideSource('transactions', 3.5),
    besideSource('commands', 1.85),
    besideSource('lock-step'),
  ],
} as const satisfies Record<string, readonly Target[]>

export interface Ratio {
  readonly name: string
  /** Median, smallest and largest of the rounds' ratios. */
  readonly ratio: Spread
  /** As `≥ 2.5`. */
  readonly target: string | undefined
  readonly verdict: 'ok' | 'short' | 'no target'
}

/**
 * The ratios of one size; those whose clients did not run are left out. Each is the median of the
 * rounds' ratios, not the ratio of the medians: two runs of a round are seconds apart and share their noise.
 */
export function ratiosOf(
  rows: readonly Row[],
  sizeBytes: number,
  targets: readonly Target[] = [...FLOOR_TARGETS, ...TARGETS],
): Ratio[] {
  return targets.flatMap((target) => {
    const ours = rows.find((row) => row.client === target.ours)
    const theirs = rows.find((row) => row.client === target.theirs)
    if (ours === undefined || theirs === undefined) return []
    const figure = target.figure === 'rate' ? messagesPerSecond : cpuSecondsPerThousand
    const ratio = spreadOf(
      ours.runs.map((run, round) => figure(run) / figure(theirs.runs[round] as Measurement)),
    )
    return [judged(target, ratio, target.bySize[sizeBytes])]
  })
}

/** The shapes whose median CPU per message is more than so many times that of the bare script; in words. */
export function beyondBar(rows: readonly Row[], bar: number): string[] {
  return ratiosOf(rows, 0, FLOOR_TARGETS)
    .filter(({ ratio }) => ratio.median > bar)
    .map(({ name, ratio }) => `${name}: ${ratio.median.toFixed(2)}, allowed is ${bar}`)
}

function judged({ ours, theirs, figure }: Target, ratio: Spread, limit: number | undefined): Ratio {
  const name = `${ours} / ${theirs}, ${figure === 'rate' ? 'messages/s' : 'client CPU per message'}`
  if (limit === undefined) return { name, ratio, target: undefined, verdict: 'no target' }
  const met = figure === 'rate' ? ratio.median >= limit : ratio.median <= limit
  return { name, ratio, target: `${figure === 'rate' ? '≥' : '≤'} ${limit}`, verdict: met ? 'ok' : 'short' }
}
