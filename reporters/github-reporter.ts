import { appendFile, stat } from 'node:fs/promises'
import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node'
import type { Result } from '../src/engine/result.ts'
import { isMissed } from '../src/figures/threshold.ts'
import { githubActions } from '../src/options/process-environment.ts'
import type { AnyResult } from '../src/pressure/result.ts'
import { MOST_SUMMARY_BYTES, renderJobSummary } from '../src/report/ci/job-summary.ts'
import { commandMessage, commandProperty, oneLine } from '../src/report/escape.ts'
import { doubtsOf, reasonOf, renderMarkdown } from '../src/report/kinds.ts'
import { runName, thresholdFigures, thresholdSentence } from '../src/report/verdict.ts'
import { viewOf } from '../src/results/run-view.ts'
import { collectResults, resultOf } from './collect-results.ts'
import { tell } from './kept-reporters.ts'
import { type FailedRow, groupFailedRows, groupTitle, headingOf, saysItAll } from './rows.ts'

/** On GitHub Actions, writes the job summary and annotates failures. Does nothing elsewhere. */
export default class GithubReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const results = collectResults(modules)
    const { isRunner, summaryFile } = githubActions()
    if (isRunner) {
      const lines = [...modules.flatMap(withoutResult), ...results.flatMap(annotationsOf)]
      for (const line of lines) tell(this.#vitest, line)
    }
    if (results.length === 0 || summaryFile === undefined) return
    try {
      await appendFile(summaryFile, jobSummary(results, MOST_SUMMARY_BYTES - (await sizeOf(summaryFile))))
    } catch (error) {
      this.#vitest?.logger.error(`Failed to append to GITHUB_STEP_SUMMARY "${summaryFile}": ${String(error)}`)
    }
  }
}

/** Output of earlier commands in the same step counts towards GitHub's limit. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** Failures of scenarios without a result: servers that did not boot, a suite that cannot be read. */
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
    return view === undefined ? [] : { view, thresholds: result.thresholds, details: renderMarkdown(result) }
  })
  return renderJobSummary(runs, mostBytes)
}

/**
 * Workflow commands for one run: an error for each missed threshold, with value and limit; a warning for
 * whatever makes the figures doubtful; a notice for a threshold that could not be evaluated.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function annotationsOf(result: AnyResult): string[] {
  const name = oneLine(runName(result))
  const missedOnes = result.thresholds.filter(isMissed).map(missed)
  const errors = result.verdict === 'FAILED' && missedOnes.length === 0 ? [reasonOf(result)] : missedOnes
  const notices = result.thresholds
    .filter(({ verdict }) => verdict === 'skipped')
    .map((threshold) => command('notice', name, thresholdSentence(threshold)))
  return [
    ...errors.map((error) => command('error', name, error)),
    ...doubts(result, missedOnes).map((doubt) => command('warning', name, doubt)),
    ...notices,
  ]
}

/** `p(99)<1000 — was 1,412.30 ms, limit 1,000.00 ms`. */
function missed(threshold: Result['thresholds'][number]): string {
  const sentence = thresholdSentence(threshold)
  return threshold.verdict === 'fail' ? `${sentence}, limit ${thresholdFigures(threshold).limit}` : sentence
}

function doubts(result: AnyResult, failedBy: readonly string[]): string[] {
  const found: string[] = []
  if (result.verdict === 'WARNING') found.push(reasonOf(result))
  else if (result.status === 'partial' && failedBy.length > 0)
    found.push(`stopped early: ${result.partial_reason ?? 'unknown reason'}`)
  found.push(...doubtsOf(result))
  return found
}

/**
 * Errors of rows in a scenario without a result, which no threshold reports. Vitest's own reporter annotates
 * errors that have a position in a file.
 */
export function rowAnnotations(scenario: string, rows: readonly FailedRow[]): string[] {
  const own = rows.map(({ name, errors }) => ({ name, errors: errors.filter(saysItAll) }))
  return groupFailedRows(own.filter(({ errors }) => errors.length > 0)).map((group) => {
    const message = group.errors.map((error) => error.message).join(' ')
    return command('error', oneLine(`${scenario} > ${groupTitle(group)}`), message)
  })
}

function command(level: 'error' | 'warning' | 'notice', title: string, message: string): string {
  return `::${level} title=${commandProperty(title)}::${commandMessage(oneLine(message, 1000))}`
}
