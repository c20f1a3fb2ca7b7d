import { z } from 'zod'
import { asResult } from '../analysis/result-shape.ts'
import { isHistogram } from '../analysis/view.ts'
import { RESULT_FORMAT } from '../engine/result.ts'
import { type AnyResult, PRESSURE_FORMAT, type PressureResult } from '../pressure/result.ts'

const object = z.looseObject({})
const list = z.array(object)

/** What the report needs beyond what all other commands do. */
const smtp = z.looseObject({
  run_id: z.string(),
  machine: z.looseObject({ memory_bytes: z.number() }),
  versions: z.record(z.string(), z.string()),
  resource_usage: z.record(z.string(), z.looseObject({ samples: list })),
})

const pressure = smtp.extend({
  scenario: z.string(),
  metrics: z.looseObject({ latency_ms: object, total_messages: z.number() }),
  proxy: z.looseObject({ urls: z.array(z.string()), settings: z.record(z.string(), z.string()) }),
  thresholds: list,
  verification: object,
  tenants: z.array(z.looseObject({ verification: object, end_to_end_ms: object })),
  accounts: list,
  timeline: z.array(z.looseObject({ sent_by_account: object, end_to_end_ms: object })),
  diagnosis: list,
  events: list,
  observations: z.array(z.string()),
  backend: object,
  histograms: z.looseObject({ end_to_end: z.custom(isHistogram), report_lag: z.custom(isHistogram) }),
})

/** The JSON as a result that a whole report can be made of; undefined for older and incomplete files. */
export function asReportable(json: unknown): AnyResult | undefined {
  const { data } = z.looseObject({ format: z.string() }).safeParse(json)
  if (data?.format === PRESSURE_FORMAT)
    return pressure.safeParse(json).success ? (json as PressureResult) : undefined
  if (data?.format !== RESULT_FORMAT || !smtp.safeParse(json).success) return undefined
  const checked = asResult(json)
  return 'result' in checked ? checked.result : undefined
}
