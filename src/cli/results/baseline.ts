import { MailstormError } from '../../error.ts'
import { packageCommand } from '../../packages.ts'
import { renderBaseline, renderBaselineList } from '../../report/runs/baseline.ts'
import { wrapText } from '../../report/terminal.ts'
import {
  baselineDoubts,
  checkBaselineRuns,
  listBaselines,
  readBaseline,
  saveBaseline,
} from '../../results/baseline.ts'
import { kindOf } from '../../results/kinds.ts'
import { findRunFile, readFolder, readRunFile } from '../../results/result-files.ts'
import type { RunView } from '../../results/run-view.ts'
import { pageFor, printJson, type ResultsOptions, resultsDirOf } from '../output.ts'

/** Makes one or several runs (the newest by default) the baseline of this name. */
export async function saveBaselineCommand(
  name: string,
  files: readonly string[],
  options: ResultsOptions,
): Promise<void> {
  const folder = resultsDirOf(options)
  const paths = files.length > 0 ? await findAll(files, folder) : [await newestIn(folder)]
  const runs: RunView[] = []
  for (const path of paths) runs.push((await readRunFile(path)).view)
  checkBaselineRuns(runs)
  const baseline = { name, runs, saved_at: new Date().toISOString() }
  const path = await saveBaseline(baseline)
  if (options.json === true) {
    printJson({ path, runs: runs.map(({ file }) => file), doubts: baselineDoubts(runs) })
    return
  }
  const page = pageFor(process.stdout)
  process.stdout.write(renderBaseline(baseline, page))
  const doubts = baselineDoubts(runs)
  if (doubts.length > 0)
    console.log(
      `\n${doubts.map((doubt) => page.paint('yellow', wrapText(`! ${doubt}`, page.width))).join('\n')}`,
    )
  const next = `Commit it, and give scenarios { baseline: '${name}', thresholds: ['regression<10%'] }.`
  console.log(`\nWritten: ${path}\n${wrapText(next, page.width)}`)
}

async function findAll(files: readonly string[], folder: string): Promise<string[]> {
  return Promise.all(files.map((file) => findRunFile(file, folder)))
}

async function newestIn(folder: string): Promise<string> {
  const newest = (await readFolder(folder)).runs.findLast(({ format }) => kindOf(format).judged)
  if (newest !== undefined) return newest.file
  throw new MailstormError(
    'NO_RESULTS',
    `Failed to save a baseline: there is no run in ${folder}.`,
    `Start one: ${packageCommand('mailstorm run burst')}.`,
  )
}

export async function listBaselinesCommand(options: ResultsOptions): Promise<void> {
  const names = await listBaselines()
  const read = names.map((name) => {
    try {
      return { name, baseline: readBaseline(name) }
    } catch (error) {
      if (!(error instanceof MailstormError)) throw error
      return { name, why: error.message.split('\n')[0] ?? '' }
    }
  })
  const baselines = read.flatMap(({ baseline }) => baseline ?? [])
  const skipped = read.flatMap(({ name, why }) => (why === undefined ? [] : [{ file: `${name}.json`, why }]))
  if (options.json === true) printJson({ baselines: baselines.map(withoutBulk), skipped })
  else process.stdout.write(renderBaselineList(baselines, skipped, pageFor(process.stdout)))
}

export function showBaselineCommand(name: string, options: ResultsOptions): void {
  const baseline = readBaseline(name)
  if (options.json === true) printJson(baseline)
  else process.stdout.write(renderBaseline(baseline, pageFor(process.stdout)))
}

function withoutBulk({ name, saved_at, runs }: ReturnType<typeof readBaseline>) {
  return {
    name,
    saved_at,
    runs: runs.map(({ histograms: _histograms, per_second: _seconds, ...run }) => run),
  }
}
