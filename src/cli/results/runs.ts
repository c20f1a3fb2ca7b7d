import { MailstormError } from '../../error.ts'
import { packageCommand } from '../../packages.ts'
import { renderText } from '../../report/kinds.ts'
import { renderList, renderScenarioSummary } from '../../report/runs/list.ts'
import { renderRunView } from '../../report/runs/run-view.ts'
import type { Page } from '../../report/terminal.ts'
import { kindOf } from '../../results/kinds.ts'
import { findRunFile, type RunFile, readFolder, readRunFile } from '../../results/result-files.ts'
import { resultJson } from '../../results/result-json.ts'
import { summariseRuns } from '../../results/summary.ts'
import { pageFor, printJson, printSkipped, type ResultsOptions, resultsDirOf } from '../output.ts'

/** Every run of the results folder, the oldest first. */
export async function list(options: ResultsOptions): Promise<void> {
  const folder = resultsDirOf(options)
  const { runs, skipped } = await readFolder(folder)
  if (options.json === true) {
    printJson({ runs, skipped })
    return
  }
  process.stdout.write(renderList(folder, runs, pageFor(process.stdout)))
  printSkipped(skipped)
}

/** All runs of the results folder, a row per scenario. */
export async function summary(options: ResultsOptions): Promise<void> {
  const folder = resultsDirOf(options)
  const { runs, skipped } = await readFolder(folder)
  const scenarios = summariseRuns(runs)
  if (options.json === true) {
    printJson({ scenarios, skipped })
    return
  }
  process.stdout.write(renderScenarioSummary(folder, scenarios, pageFor(process.stdout)))
  printSkipped(skipped)
}

/** One run in full. The exit code is 1 when the run failed. */
export async function analyze(name: string, options: ResultsOptions): Promise<void> {
  await show(await findRunFile(name, resultsDirOf(options)), options)
}

/** The newest run of the results folder, by its start. */
export async function latest(options: ResultsOptions): Promise<void> {
  const folder = resultsDirOf(options)
  const newest = (await readFolder(folder)).runs.at(-1)
  if (newest === undefined) {
    throw new MailstormError(
      'NO_RESULTS',
      `Failed to show the latest run: there is none in ${folder}.`,
      `Start one: ${packageCommand('mailstorm run quick')}.`,
    )
  }
  await show(newest.file, options)
}

async function show(file: string, { json }: ResultsOptions): Promise<void> {
  const run = await readRunFile(file)
  if (run.view.verdict === 'FAILED') process.exitCode = 1
  if (json === true) process.stdout.write(resultJson(run.json as object))
  else process.stdout.write(pageOf(run, pageFor(process.stdout)))
}

function pageOf({ json, view }: RunFile, page: Page): string {
  if (view.format === 'older') return renderRunView(view, page)
  const checked = kindOf(view.format).read(json)
  if ('result' in checked) return renderText(checked.result, page)
  return `${renderRunView(view, page)}\n${page.paint('yellow', `Incomplete: ${checked.wrong}. Showing what the file has.`)}\n`
}
