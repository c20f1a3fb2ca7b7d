import type { Spread } from '../measurement.ts'

export interface Verdict {
  readonly name: string
  readonly value: string
  readonly target: string
  readonly ok: boolean
}

/** Issue 4: the rate may change by 20 % over the backlogs, and has to be ten times the real one's. */
const MOST_CHANGE = 0.2
const LEAST_RATIO = 10

export function backlogVerdict(rates: readonly Spread[]): Verdict {
  const medians = rates.map(({ median }) => median)
  const change = 1 - Math.min(...medians) / Math.max(...medians)
  return {
    name: 'change of the rate over the backlogs',
    value: `${(change * 100).toFixed(0)} %`,
    target: `at most ${MOST_CHANGE * 100} %`,
    ok: change <= MOST_CHANGE,
  }
}

export function ratioVerdict(ours: Spread, real: Spread): Verdict {
  const ratio = ours.median / real.median
  return {
    name: '1 proxy of ours / the real one before its cliff',
    value: ratio.toFixed(1),
    target: `at least ${LEAST_RATIO}`,
    ok: ratio >= LEAST_RATIO,
  }
}
