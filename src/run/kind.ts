import type { ThresholdResult } from '../engine/result.ts'
import type { Threshold } from '../figures/threshold.ts'
import type { Options } from '../options/options.ts'
import type { AnyResult } from '../pressure/result.ts'
import type { ResultKind } from '../results/kinds.ts'
import type { Execute, Row, ScenarioRun } from './scenario-run.ts'

/**
 * One kind of run: what registers, runs and judges scenarios asks it, and knows no kind. `Plan` is one run of a
 * scenario, its spec resolved.
 */
export interface RunKind<Plan, R extends AnyResult> {
  /** Its format, schema, figures: what its files tell. */
  readonly results: ResultKind<R>
  /** Titles of the rows of those who send: workers, or tenants. */
  rows(plan: Plan, options: Options): readonly string[]
  thresholds(plan: Plan): readonly Threshold[]
  /** The longest that a row may take, which may have to boot everything, run the plan and verify. */
  limitMs(plan: Plan, options: Options): number
  /** From boot to result. Rejects only when it could not begin; else the result says what went wrong. */
  execute(plan: Plan, row: Row, onStarted: Parameters<Execute>[1]): Promise<R>
  /** Waits for the end of one sender. Throws RowFailure where its part did not hold; answers what it came to. */
  senderRow(of: SenderRow<Plan, R>): Promise<string | undefined>
  /** What to say of a threshold that was missed. */
  missed(result: R, threshold: ThresholdResult): string
  /** Throws RowFailure when a message is not accounted for. */
  account(result: R): void
}

export interface SenderRow<Plan, R extends AnyResult> {
  readonly plan: Plan
  readonly run: ScenarioRun<R>
  /** Into the kind's rows. */
  readonly index: number
  readonly row: Row
}
