import type { Result } from '../engine/result.ts'
import { burstResult } from '../report/result.fixture.ts'
import { latencies, timelineRow } from '../report/result-parts.fixture.ts'
import { type RunView, viewOf } from './run-view.ts'

export interface Figures {
  readonly throughput?: number
  readonly p95?: number
  readonly successRate?: number
  readonly lost?: number
  /** Accepted messages per second. */
  readonly perSecond?: readonly number[]
}

/** A burst with these figures, otherwise like all others. */
export function runWith(
  { throughput = 1000, p95 = 20, successRate = 1, lost = 0, perSecond = [] }: Figures,
  changes: Partial<Result> = {},
): RunView {
  const good = burstResult()
  const responseTime = { ...latencies(5000, 12), p95 }
  const view = viewOf(
    'run.json',
    burstResult({
      metrics: {
        ...good.metrics,
        duration_seconds: 60,
        throughput,
        messages_per_second: throughput,
        success_rate: successRate,
        response_time_ms: responseTime,
      },
      ledger: { ...good.ledger, lost },
      timeline: perSecond.map((accepted, second) => ({ ...timelineRow(second), accepted })),
      ...changes,
    }),
  )
  if (view === undefined) throw new Error('the fixture is no run')
  return view
}
