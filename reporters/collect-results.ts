import type { TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'
import { namedResultsFolder } from '../src/options/process-environment.ts'
import type { AnyResult } from '../src/pressure/result.ts'
import { isJudged, type RunResult } from '../src/results/kinds.ts'
import '../fixtures/task-data.ts'
import { resolve } from 'node:path'

/**
 * The results of all tasks of a run, live or merged from blobs: each once, in the order in which the runs
 * began. The starting point for a reporter of your own.
 *
 * @param modules - what Vitest passes to `onTestRunEnd`
 *
 * @example
 * ```ts
 * import { resultsOf } from 'mailstorm/reporters'
 * import type { Reporter, TestModule } from 'vitest/node'
 *
 * export default class LineReporter implements Reporter {
 *   onTestRunEnd(modules: readonly TestModule[]): void {
 *     for (const { scenario, verdict } of resultsOf(modules)) console.log(scenario, verdict)
 *   }
 * }
 * ```
 */
export function collectResults(modules: readonly TestModule[]): AnyResult[] {
  const tasks = modules.flatMap((module) => [
    module,
    ...module.children.allSuites(),
    ...module.children.allTests(),
  ])
  const found = new Map<string, AnyResult>()
  for (const task of tasks) {
    const result = resultOf(task)
    if (result !== undefined) found.set(resultKey(result), result)
  }
  return [...found.values()].toSorted((a, b) => a.metrics.start_time.localeCompare(b.metrics.start_time))
}

/**
 * The result attached to a task; undefined for all tasks but the one that ended its run.
 *
 * @param task - a test, suite or module
 */
export function resultOf(task: TestCase | TestSuite | TestModule): AnyResult | undefined {
  const result = task.meta().mailstormResult
  return result !== undefined && isJudged(result) ? result : undefined
}

/** What the task's probe was told: a result that nothing judges. */
export function probeOf(task: TestCase | TestSuite | TestModule): Exclude<RunResult, AnyResult> | undefined {
  const result = task.meta().mailstormResult
  return result === undefined || isJudged(result) ? undefined : result
}

/** Tasks inherit the meta of their suite, so one result turns up at several tasks. */
export function resultKey({ scenario, part, run_id }: AnyResult): string {
  return JSON.stringify([scenario, part, run_id])
}

/**
 * The folder that results are written to: `directory`, else STRESS_RESULTS_DIR, else `results`, relative to
 * Vitest's root.
 */
export function resultsFolder(vitest: Vitest | undefined, directory?: string): string {
  const root = vitest?.config.root ?? process.cwd()
  return resolve(root, directory ?? namedResultsFolder())
}
