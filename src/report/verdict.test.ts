import { describe, expect, it } from 'vitest'
import { thresholdSentence } from './verdict.ts'

describe('thresholdSentence', () => {
  const common = { metric: 'p(99)', verdict: 'pass', expression: 'p(99)<1000', limit: 1000 } as const
  it.each([
    [{ ...common, value: 41 }, 'p(99)<1000 — was 41.00 ms'],
    [{ ...common, value: 0.8234 }, 'p(99)<1000 — was 0.82 ms'],
    [{ ...common, value: 12345.6 }, 'p(99)<1000 — was 12,345.60 ms'],
    [{ ...common, value: 1000.2 }, 'p(99)<1000 — was 1,000.20 ms'],
    [{ ...common, value: 999.9996 }, 'p(99)<1000 — was 999.9996 ms'],
    [
      { ...common, metric: 'success_rate', expression: 'success_rate>=0.99', limit: 0.99, value: 0.989996 },
      'success_rate>=0.99 — was 98.9996 %',
    ],
    [
      { ...common, metric: 'error_rate', expression: 'error_rate<0.1', limit: 0.1, value: 0.07 },
      'error_rate<0.1 — was 7.00 %',
    ],
    [
      {
        ...common,
        metric: 'servers_memory',
        expression: 'servers_memory<1073741824',
        limit: 1_073_741_824,
        value: 1_610_612_736,
      },
      'servers_memory<1073741824 — was 1.50 GB',
    ],
    [{ ...common, metric: 'lost', expression: 'lost==0', limit: 0, value: 1234 }, 'lost==0 — was 1,234'],
    [
      { ...common, metric: 'throughput', expression: 'throughput>100', limit: 100, value: 1838.6 },
      'throughput>100 — was 1,839/s',
    ],
    [
      { ...common, metric: 'p99_drift', expression: 'p99_drift<12', limit: 12, value: 12.5 },
      'p99_drift<12 — was 12.50 ms/h',
    ],
    [
      { ...common, value: null, verdict: 'no-data' as const, reason: 'no message was due' },
      'p(99)<1000 — no data: no message was due',
    ],
    [
      { ...common, value: null, verdict: 'skipped' as const, reason: 'the target keeps no ledger' },
      'p(99)<1000 — skipped: the target keeps no ledger',
    ],
  ])('writes %j as "%s"', (result, text) => {
    expect(thresholdSentence(result)).toBe(text)
  })
})
