import type { ThresholdResult, Unit } from './result.ts'
import { unitOf } from './threshold.ts'

/** `p(99)<1000 — was 41 ms`; without a value, why there is none. */
export function describeThreshold(result: ThresholdResult): string {
  const { expression, value, verdict, reason } = result
  if (value === null) {
    const what = verdict === 'no-data' ? 'no data' : verdict
    return `${expression} — ${what}${reason === undefined ? '' : `: ${reason}`}`
  }
  const unit = result.unit ?? unitOf(expression, result.metric)
  const note = reason === undefined ? '' : ` (${reason})`
  return `${expression} — was ${withUnit(value, unit, result.limit)}${note}`
}

function withUnit(value: number, unit: Unit, limit: number): string {
  switch (unit) {
    case 'ms':
      return `${rounded(value, limit)} ms`
    case 'share':
      return `${rounded(percent(value), percent(limit))} %`
    case 'count':
      return value.toLocaleString('en-US')
    case 'per_second':
      return `${rounded(value, limit)}/s`
    case 'number':
      return rounded(value, limit)
    default:
      return unit satisfies never
  }
}

/** Through toPrecision, for 0.07 · 100 is 7.000000000000001 in binary. */
function percent(share: number): number {
  return Number((share * 100).toPrecision(15))
}

/** Three digits or all whole ones; more where fewer would put the value on the wrong side of its limit. */
function rounded(value: number, limit: number): string {
  const side = Math.sign(value - limit)
  let digits = Math.max(3, Math.trunc(value).toString().length)
  while (digits < 15 && Math.sign(Number(value.toPrecision(digits)) - limit) !== side) digits++
  return value.toLocaleString('en-US', { maximumSignificantDigits: digits })
}
