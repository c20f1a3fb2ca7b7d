import { type Spread, spreadOf } from '../measurement.ts'
import type { Measured } from './points.ts'

export interface Verdict {
  readonly name: string
  readonly value: string
  readonly target: string
  readonly ok: boolean
}

/** Issue 4: the rate may change by 20 % over the backlogs, and has to be ten times the real one's. */
const MOST_CHANGE = 0.2
const LEAST_RATIO = 10
/** Issue 12: against the commit before it. */
const LEAST_GAIN = 1.5
const MOST_CPU = 0.6

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

/** Round by round: both of a pair ran one after the other. */
export function beforeVerdicts(now: readonly Measured[], before: readonly Measured[]): Verdict[] {
  const rate = pairs(now, before, ({ messagesPerSecond }) => messagesPerSecond)
  const cpu = pairs(now, before, ({ cpuMsPerMessage = Number.NaN }) => cpuMsPerMessage)
  const range = ({ median, min, max }: Spread) => `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
  return [
    {
      name: 'messages/s, now / before',
      value: range(rate),
      target: `at least ${LEAST_GAIN}`,
      ok: rate.median >= LEAST_GAIN,
    },
    {
      name: 'CPU of the proxy per message, now / before',
      value: range(cpu),
      target: `at most ${MOST_CPU}`,
      ok: cpu.median <= MOST_CPU,
    },
  ]
}

function pairs(now: readonly Measured[], before: readonly Measured[], of: (one: Measured) => number): Spread {
  return spreadOf(now.map((one, round) => of(one) / of(before[round] as Measured)))
}
