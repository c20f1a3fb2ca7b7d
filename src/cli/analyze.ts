import { findRunFile } from '../analysis/find.ts'
import { readFolder } from '../analysis/folder.ts'
import { resultJson } from '../analysis/head.ts'
import { asPressureResult } from '../analysis/pressure-shape.ts'
import { asResult } from '../analysis/result-shape.ts'
import { type RunFile, readRunFile } from '../analysis/run-file.ts'
import { MailstormError } from '../error.ts'
import { PRESSURE_FORMAT } from '../pressure/result.ts'
import { renderAnyText } from '../render/any.ts'
import type { Page } from '../render/paint.ts'
import { renderRunView } from '../render/run-view.ts'
import { pageFor, type ResultsOptions, resultsDirOf } from './output.ts'

/** One run, all of it. The exit code is 1 when the run failed. */
export async function analyze(name: string, options: ResultsOptions): Promise<void> {
  await show(await findRunFile(name, resultsDirOf(options)), options)
}

/** The newest run of the results folder, by the time that it started. */
export async function latest(options: ResultsOptions): Promise<void> {
  const folder = resultsDirOf(options)
  const newest = (await readFolder(folder)).runs.at(-1)
  if (newest === undefined) {
    throw new MailstormError(
      'NO_RESULTS',
      `Failed to show the latest run: there is none in ${folder}.`,
      'Start one: npx mailstorm run quick.',
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
  const checked = view.format === PRESSURE_FORMAT ? asPressureResult(json) : asResult(json)
  if ('result' in checked) return renderAnyText(checked.result, page)
  return `${renderRunView(view, page)}\n${page.paint('yellow', `Incomplete: ${checked.wrong}. Shown is what the file has.`)}\n`
}
