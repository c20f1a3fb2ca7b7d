import { type Spread, spreadOf } from './change.ts'
import type { RunOverview } from './overview.ts'

/** The runs of one scenario on one backend; figures of different backends are never combined. */
export interface ScenarioSummary {
  readonly scenario: string
  readonly part: string | null
  readonly backend: string | null
  readonly runs: number
  readonly passed: number
  readonly warning: number
  readonly failed: number
  readonly partial: number
  readonly total_messages: number | null
  readonly success_rate: Spread
  readonly messages_per_second: Spread
  readonly p99_ms: Spread
  readonly lost: number | null
  readonly duplicated: number | null
  /** Throughput of the newest run relative to the median of the earlier ones, as a share; null without both. */
  readonly latest_change: number | null
  readonly latest: RunOverview
}

/** One row per scenario and backend, in the order of their first runs. */
export function summariseRuns(runs: readonly RunOverview[]): ScenarioSummary[] {
  const groups = new Map<string, RunOverview[]>()
  for (const run of runs) {
    const key = JSON.stringify([run.scenario, run.part, run.backend, run.format])
    groups.set(key, [...(groups.get(key) ?? []), run])
  }
  return [...groups.values()].flatMap(summaryOf)
}

function summaryOf(runs: readonly RunOverview[]): ScenarioSummary[] {
  const latest = runs.at(-1)
  if (latest === undefined) return []
  const verdicts = (verdict: RunOverview['verdict']) => runs.filter((run) => run.verdict === verdict).length
  return [
    {
      scenario: latest.scenario,
      part: latest.part,
      backend: latest.backend,
      runs: runs.length,
      passed: verdicts('PASSED'),
      warning: verdicts('WARNING'),
      failed: verdicts('FAILED'),
      partial: runs.filter(({ status }) => status === 'partial').length,
      total_messages: sumOf(runs.map((run) => run.total_messages)),
      success_rate: spreadOf(runs.map((run) => run.success_rate)),
      messages_per_second: spreadOf(runs.map((run) => run.messages_per_second)),
      p99_ms: spreadOf(runs.map((run) => run.latency_ms.p99)),
      lost: sumOf(runs.map(({ lost }) => lost)),
      duplicated: sumOf(runs.map(({ duplicated }) => duplicated)),
      latest_change: latestChange(runs),
      latest,
    },
  ]
}

/** Null when no run has the value; runs without it add nothing. */
function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}

function latestChange(runs: readonly RunOverview[]): number | null {
  const latest = runs.at(-1)?.messages_per_second ?? null
  const { median } = spreadOf(runs.slice(0, -1).map((run) => run.messages_per_second))
  return latest === null || median === null || median === 0 ? null : latest / median - 1
}
