import { appendFile, stat } from 'node:fs/promises'
import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node'
import type { AnyResult } from '../src/pressure/result.ts'
import { renderAnyMarkdown } from '../src/report/any.ts'
import { MOST_SUMMARY_BYTES, renderJobSummary } from '../src/report/ci/job-summary.ts'
import { viewOf } from '../src/results/run-view.ts'
import { collectResults, resultOf } from './collect-results.ts'
import { annotationsOf, rowAnnotations } from './github-annotations.ts'
import { tell } from './kept-reporters.ts'
import { type FailedRow, headingOf } from './rows.ts'

/** On GitHub Actions: the job summary, and annotations for what failed. Elsewhere nothing. */
export default class GithubReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const results = collectResults(modules)
    if (process.env.GITHUB_ACTIONS === 'true') {
      const lines = [...modules.flatMap(withoutResult), ...results.flatMap(annotationsOf)]
      for (const line of lines) tell(this.#vitest, line)
    }
    const path = process.env.GITHUB_STEP_SUMMARY
    if (results.length === 0 || path === undefined || path === '') return
    try {
      await appendFile(path, jobSummary(results, MOST_SUMMARY_BYTES - (await sizeOf(path))))
    } catch (error) {
      this.#vitest?.logger.error(`Failed to append to GITHUB_STEP_SUMMARY "${path}": ${String(error)}`)
    }
  }
}

/** What earlier commands of the same step wrote counts towards GitHub's limit. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** Failures of scenarios that came to no result: servers that did not boot, a suite that cannot be read. */
function withoutResult(module: TestModule): string[] {
  return [module, ...module.children.allSuites()].flatMap((parent) => {
    const rows = failedRows(parent)
    return [...parent.children.tests(), parent].some((task) => resultOf(task) !== undefined)
      ? []
      : rowAnnotations(headingOf(parent), rows)
  })
}

function failedRows(parent: TestSuite | TestModule): FailedRow[] {
  const rows = [...parent.children.tests()].flatMap((test) => {
    const { state, errors } = test.result()
    return state === 'failed' ? { name: test.name, errors } : []
  })
  const errors = parent.errors()
  return errors.length === 0 ? rows : [{ name: 'could not run', errors }, ...rows]
}

export function jobSummary(results: readonly AnyResult[], mostBytes: number): string {
  const runs = results.flatMap((result) => {
    const view = viewOf('', result)
    return view === undefined
      ? []
      : { view, thresholds: result.thresholds, details: renderAnyMarkdown(result) }
  })
  return renderJobSummary(runs, mostBytes)
}
