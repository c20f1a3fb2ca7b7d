import { join } from 'node:path'
import { z } from 'zod'
import { RESULT_FORMAT } from '../engine/result.ts'
import { MailstormError } from '../error.ts'
import { type AnyResult, PRESSURE_FORMAT, type PressureResult } from '../pressure/result.ts'
import { renderReport } from '../report/any.ts'
import { reportPath, writeIndex, writePage } from '../report/html/files.ts'
import { loadAssets } from '../report/html/page.ts'
import { renderComparisonPage, renderRuns } from '../report/html/runs-report.ts'
import { compareRuns } from '../results/compare.ts'
import { findRunFile, readFolder, readRunFile, readRuns } from '../results/result-files.ts'
import { asResult, isHistogram } from '../results/result-shape.ts'
import type { RunView } from '../results/run-view.ts'
import { type ResultsOptions, resultsDirOf } from './output.ts'

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
    'Start one: npx mailstorm run quick.',
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
    const result = asReportable(json)
    return result === undefined ? renderRuns([view], assets) : renderReport(result, assets)
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

const object = z.looseObject({})
const list = z.array(object)

/** Fields that only the report needs. */
const smtp = z.looseObject({
  run_id: z.string(),
  machine: z.looseObject({ memory_bytes: z.number() }),
  versions: z.record(z.string(), z.string()),
  resource_usage: z.record(z.string(), z.looseObject({ samples: list })),
})

const pressure = smtp.extend({
  scenario: z.string(),
  metrics: z.looseObject({ latency_ms: object, total_messages: z.number() }),
  proxy: z.looseObject({ urls: z.array(z.string()), settings: z.record(z.string(), z.string()) }),
  thresholds: list,
  verification: object,
  tenants: z.array(z.looseObject({ verification: object, end_to_end_ms: object })),
  accounts: list,
  timeline: z.array(z.looseObject({ sent_by_account: object, end_to_end_ms: object })),
  diagnosis: list,
  events: list,
  observations: z.array(z.string()),
  backend: object,
  histograms: z.looseObject({ end_to_end: z.custom(isHistogram), report_lag: z.custom(isHistogram) }),
})

/** The JSON as a result complete enough for a report; undefined for older and incomplete files. */
function asReportable(json: unknown): AnyResult | undefined {
  const { data } = z.looseObject({ format: z.string() }).safeParse(json)
  if (data?.format === PRESSURE_FORMAT)
    return pressure.safeParse(json).success ? (json as PressureResult) : undefined
  if (data?.format !== RESULT_FORMAT || !smtp.safeParse(json).success) return undefined
  const checked = asResult(json)
  return 'result' in checked ? checked.result : undefined
}
