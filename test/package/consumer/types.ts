// Compiled, never run: what the doors say of themselves to those who use them.
import { type Result, type ScenarioSpec, scenario } from 'mailstorm'
import type { LoadResult } from 'mailstorm/engine'
import { ResultsReporter } from 'mailstorm/reporters'
import { stressConfig } from 'mailstorm/vitest'

const spec: ScenarioSpec = {
  executor: 'constant-arrival-rate',
  rate: 200,
  durationSeconds: 60,
  workers: 20,
  size: 'medium',
  thresholds: ['success_rate>=0.999', 'p(99)<500'],
}
scenario('newsletter', spec)
// @ts-expect-error a size has a name or is a number of bytes
scenario('newsletter', { ...spec, size: 'huge' })
// @ts-expect-error a burst has no rate
scenario('burst', { executor: 'shared-iterations', rate: 5, workers: 1, size: 'small', thresholds: [] })

export const rate: (result: Result) => number = ({ metrics }) => metrics.success_rate
export const p99: (result: LoadResult) => number | null = ({ metrics }) => metrics.response_time_ms.p99
export const reporter: ResultsReporter = new ResultsReporter({ directory: 'elsewhere' })
export const config: ReturnType<typeof stressConfig> = stressConfig({ test: { testTimeout: 60_000 } })
