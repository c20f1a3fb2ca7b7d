import { join } from 'node:path'
import { MailstormError } from '../../error.ts'
import { packageCommand } from '../../packages.ts'
import { reportPath, writeIndex, writePage } from '../../report/html/files.ts'
import { loadAssets } from '../../report/html/page.ts'
import { renderComparisonPage, renderRuns } from '../../report/html/runs-report.ts'
import { renderPage } from '../../report/kinds.ts'
import { compareRuns } from '../../results/compare.ts'
import { kindOf } from '../../results/kinds.ts'
import { findRunFile, readFolder, readRunFile, readRuns } from '../../results/result-files.ts'
import type { RunView } from '../../results/run-view.ts'
import { type ResultsOptions, resultsDirOf } from '../output.ts'

export interface ReportOptions extends ResultsOptions {
  /** The files of side B, when there are several on a side. */
  readonly against?: readonly string[]
  readonly output?: string
  readonly index?: boolean
}

/** HTML of one run, of several overlaid, or of one side compared with another; prints the path. */
export async function report(files: readonly string[], options: ReportOptions): Promise<void> {
  const folder = resultsDirOf(options)
  if (options.index === true) {
    console.log(await writeIndex(folder))
    return
  }
  const paths =
    files.length === 0
      ? [await newestFile(folder)]
      : await Promise.all(files.map((name) => findRunFile(name, folder)))
  const against = await Promise.all((options.against ?? []).map((name) => findRunFile(name, folder)))
  const [first] = paths
  if (first === undefined) throw new RangeError('a report has at least one file')
  const output = options.output ?? defaultPath(paths.concat(against), folder)
  await writePage(output, await pageOf({ paths, against, first }))
  console.log(output)
}

async function newestFile(folder: string): Promise<string> {
  const newest = (await readFolder(folder)).runs.at(-1)
  if (newest !== undefined) return newest.file
  throw new MailstormError(
    'NO_RESULTS',
    `Failed to report the newest run: there is none in ${folder}.`,
    `Start one: ${packageCommand('mailstorm run quick')}.`,
  )
}

/** Beside the JSON for one run; a report of several has no place of its own. */
function defaultPath(paths: readonly string[], folder: string): string {
  const [first] = paths
  return paths.length === 1 && first !== undefined ? reportPath(first) : join(folder, 'report.html')
}

interface Sources {
  readonly paths: readonly string[]
  readonly against: readonly string[]
  readonly first: string
}

async function pageOf({ paths, against, first }: Sources): Promise<string> {
  const assets = await loadAssets()
  if (paths.length === 1 && against.length === 0) {
    const { json, view } = await readRunFile(first)
    // Of an older or incomplete file as much as it says.
    const checked = kindOf(view.format).read(json)
    return 'result' in checked ? renderPage(checked.result, assets) : renderRuns([view], assets)
  }
  if (against.length > 0)
    return renderComparisonPage(
      compareRuns({ before: await runsOf(paths), after: await runsOf(against) }),
      assets,
    )
  const [a, b, ...more] = await Promise.all(paths.map((path) => readRuns(path)))
  const twoSides = a !== undefined && b !== undefined && more.length === 0
  return twoSides
    ? renderComparisonPage(compareRuns({ before: a, after: b }), assets)
    : renderRuns(await runsOf(paths), assets)
}

async function runsOf(paths: readonly string[]): Promise<RunView[]> {
  return (await Promise.all(paths.map((path) => readRuns(path)))).flat()
}
