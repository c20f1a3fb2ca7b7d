import { describe, expect, it } from 'vitest'
import { describeThreshold } from './threshold.ts'

describe('describeThreshold', () => {
  const common = { metric: 'p(99)', verdict: 'pass', expression: 'p(99)<1000', limit: 1000 } as const
  it.each([
    [{ ...common, value: 41 }, 'p(99)<1000 — was 41 ms'],
    [{ ...common, value: 41.237 }, 'p(99)<1000 — was 41.2 ms'],
    [{ ...common, value: 0.8234 }, 'p(99)<1000 — was 0.823 ms'],
    [{ ...common, value: 12345.6 }, 'p(99)<1000 — was 12,346 ms'],
    [{ ...common, value: 999.96 }, 'p(99)<1000 — was 999.96 ms'],
    [{ ...common, value: 1000.2 }, 'p(99)<1000 — was 1,000.2 ms'],
    [{ ...common, expression: 'p(99)<41.28', limit: 41.28, value: 41.27 }, 'p(99)<41.28 — was 41.27 ms'],
    [
      { ...common, metric: 'success_rate', expression: 'success_rate>=0.99', limit: 0.99, value: 0.98996 },
      'success_rate>=0.99 — was 98.996 %',
    ],
    [
      { ...common, metric: 'error_rate', expression: 'error_rate<0.1', limit: 0.1, value: 0.07 },
      'error_rate<0.1 — was 7 %',
    ],
    [{ ...common, metric: 'lost', expression: 'lost==0', limit: 0, value: 1234 }, 'lost==0 — was 1,234'],
    [
      { ...common, metric: 'throughput', expression: 'throughput>100', limit: 100, value: 1838.6 },
      'throughput>100 — was 1,839/s',
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
    expect(describeThreshold(result)).toBe(text)
  })
})
