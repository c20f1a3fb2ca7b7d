import { readFolder } from '../analysis/folder.ts'
import { summariseRuns } from '../analysis/summary.ts'
import { renderScenarioSummary } from '../render/scenario-summary.ts'
import { pageFor, printJson, printSkipped, type ResultsOptions, resultsDirOf } from './output.ts'

/** All runs of the results folder, a row to each scenario. */
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
