import { z } from 'zod'
import { isHistogram } from './view.ts'

/** What the shapes of all results are made of. Loose: a member more is another version's business. */

export const number = z.number()
export const figure = z.number().nullable()
export const text = z.string()
export const flag = z.boolean()

export const latency = z.looseObject({
  count: number,
  avg: figure,
  min: figure,
  max: figure,
  p50: figure,
  p90: figure,
  p95: figure,
  p99: figure,
  p99_9: figure,
})

export const threshold = z.looseObject({
  expression: text,
  metric: text,
  value: figure,
  limit: number,
  verdict: z.enum(['pass', 'fail', 'no-data', 'skipped']),
})

export const histogram = z.custom(isHistogram, 'is no histogram whose buckets add up to its count')

/** What is wrong first, as "metrics.rate: Invalid input: expected number". */
export function firstIssue({ issues: [first] }: z.ZodError): string {
  const where = first?.path.join('.') ?? ''
  return `${where === '' ? '' : `${where}: `}${first?.message ?? 'unknown'}`
}
