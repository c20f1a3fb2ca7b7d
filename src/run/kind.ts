import type { ThresholdResult } from '../engine/result.ts'
import type { Threshold } from '../figures/threshold.ts'
import type { Options } from '../options/options.ts'
import type { AnyResult } from '../pressure/result.ts'
import type { ResultKind } from '../results/kinds.ts'
import type { Execute, Row, ScenarioRun } from './scenario-run.ts'

/**
 * One kind of run. Code that registers, runs and judges scenarios uses this interface and knows no kind itself.
 * `Plan` is one run of a scenario, with its spec resolved.
 */
export interface RunKind<Plan, R extends AnyResult> {
  /** Format, schema and figures of its files. */
  readonly results: ResultKind<R>
  /** Titles of the rows of senders: workers or tenants. */
  rows(plan: Plan, options: Options): readonly string[]
  thresholds(plan: Plan): readonly Threshold[]
  /** Longest time of a row, which may have to boot everything, run the plan and verify. */
  limitMs(plan: Plan, options: Options): number
  /**
   * Runs from boot to result. Rejects only when it could not begin; otherwise the result says what went wrong.
   */
  execute(plan: Plan, row: Row, onStarted: Parameters<Execute>[1]): Promise<R>
  /**
   * Waits until one sender has ended; resolves with a note on its row. Throws RowFailure when its part failed.
   */
  senderRow(of: SenderRow<Plan, R>): Promise<string | undefined>
  /** Message for a missed threshold. */
  missed(result: R, threshold: ThresholdResult): string
  /** Throws RowFailure when a message is not accounted for. */
  account(result: R): void
}

export interface SenderRow<Plan, R extends AnyResult> {
  readonly plan: Plan
  readonly run: ScenarioRun<R>
  /** Index into `rows`. */
  readonly index: number
  readonly row: Row
}
