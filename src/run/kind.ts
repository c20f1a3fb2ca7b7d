import type { ThresholdResult } from '../engine/result.ts'
import type { Threshold } from '../figures/threshold.ts'
import type { Options } from '../options/options.ts'
import type { AnyResult } from '../pressure/result.ts'
import type { ReportKind } from '../report/kinds.ts'
import type { RunResult } from '../results/kinds.ts'
import type { Execute, Row, ScenarioRun } from './scenario-run.ts'

/**
 * One kind of run: schema and figures of its files, its document, its rows, and how it runs. Code that registers,
 * runs and reports scenarios uses this interface and knows no kind itself. `Plan` is one run of a scenario, with
 * its spec resolved.
 */
export interface RunKind<Plan, R extends RunResult> extends ReportKind<R> {
  /** Titles of its rows: workers, tenants or questions. */
  rows(plan: Plan, options: Options): readonly string[]
  /** Longest time of a row, which may have to boot everything, run the plan and verify. */
  limitMs(plan: Plan, options: Options): number
  /**
   * Runs from boot to result. Rejects only when it could not begin; otherwise the result says what went wrong.
   */
  run(plan: Plan, row: Row, onStarted: Parameters<Execute>[1]): Promise<R>
  /**
   * Waits until the part of one row has ended; resolves with notes on that row. Throws RowFailure when its part
   * failed.
   */
  row(of: RunRow<Plan, R>): Promise<readonly Note[]>
}

/** One row of a run. */
export interface RunRow<Plan, R extends RunResult> {
  readonly plan: Plan
  readonly run: ScenarioRun<R>
  /** Index into `rows`. */
  readonly index: number
  readonly row: Row
}

/** What is noted on a row, and how much it matters. */
export interface Note {
  readonly text: string
  readonly type: 'notice' | 'warning'
}

/** A kind whose runs have thresholds and a verdict. */
export interface JudgedKind<Plan, R extends AnyResult> extends RunKind<Plan, R> {
  thresholds(plan: Plan): readonly Threshold[]
  /** Message for a missed threshold. */
  missed(result: R, threshold: ThresholdResult): string
  /** Throws RowFailure when a message is not accounted for. */
  account(result: R): void
}
