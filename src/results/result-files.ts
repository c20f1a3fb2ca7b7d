import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText, MailstormError } from '../error.ts'
import { packageCommand } from '../packages.ts'
import { asBaseline, baselinePath } from './baseline.ts'
import { textAt } from './fields.ts'
import { overviewOf, type RunOverview } from './overview.ts'
import { readHead, secondBySecond } from './result-json.ts'
import { type RunView, viewOf } from './run-view.ts'
import { LATEST } from './store.ts'

/**
 * Finds the run that a user named: a path, a file of the results folder (with or without `.json`), or a
 * baseline.
 */
export async function findRunFile(name: string, resultsDir: string): Promise<string> {
  const places = [name, join(resultsDir, name), join(resultsDir, `${name}.json`), baselinePath(name)]
  for (const path of places) if (path !== undefined && (await exists(path))) return path
  throw new MailstormError(
    'RESULT_NOT_READ',
    `Failed to find "${name}": it is neither a file, nor one of ${resultsDir}, nor a baseline.`,
    `See "${packageCommand('mailstorm list')}" for the results, "${packageCommand('mailstorm baseline list')}" for the baselines.`,
  )
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

export interface RunFile {
  readonly json: unknown
  readonly view: RunView
}

/** Reads a result file completely. Rejects with what is wrong with it. */
export async function readRunFile(file: string): Promise<RunFile> {
  const json = await readJson(file)
  const view = viewOf(file, json)
  if (view !== undefined) return { json, view }
  throw notAResult(file)
}

/** The runs in a file: its own, or those of a baseline. */
export async function readRuns(file: string): Promise<readonly RunView[]> {
  const json = await readJson(file)
  const view = viewOf(file, json)
  if (view !== undefined) return [view]
  const baseline = asBaseline(json)
  if (baseline !== undefined) return baseline.runs
  throw notAResult(file)
}

function notAResult(file: string): MailstormError {
  return new MailstormError(
    'NOT_A_RESULT',
    `Failed to read ${file}: it is JSON, but not the result of a run.`,
    `"${packageCommand('mailstorm list')}" shows the results of the results folder.`,
  )
}

async function readJson(file: string): Promise<unknown> {
  try {
    return secondBySecond(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const why = code === 'ENOENT' ? 'there is no such file' : whyUnreadable(error)
    throw new MailstormError(
      'RESULT_NOT_READ',
      `Failed to read ${file}: ${why}.`,
      `See "${packageCommand('mailstorm list')}" for the results.`,
    )
  }
}

/** A file that is not a run, and why. */
export interface SkippedFile {
  readonly file: string
  readonly why: string
}

export interface ResultsFolder {
  /** Oldest first; runs of unknown time come before all others. */
  readonly runs: readonly RunOverview[]
  readonly skipped: readonly SkippedFile[]
}

/** More gain nothing, and each open file counts against the process's limit. */
const AT_A_TIME = 32

/** All runs of a folder. Unreadable files are listed, and do not hide the others. */
export async function readFolder(folder: string): Promise<ResultsFolder> {
  const names = (await readdir(folder).catch(noFolder)).filter(isResultName).toSorted()
  const runs: RunOverview[] = []
  const skipped: SkippedFile[] = []
  for (let first = 0; first < names.length; first += AT_A_TIME) {
    const files = names.slice(first, first + AT_A_TIME).map((name) => join(folder, name))
    for (const read of await Promise.all(files.map(readOverview))) {
      if (read === undefined) continue
      if ('why' in read) skipped.push(read)
      else runs.push(read)
    }
  }
  return { runs: runs.toSorted(byTime), skipped }
}

function noFolder(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
  throw error
}

/** latest.json is a copy of another file here. */
function isResultName(name: string): boolean {
  return name.endsWith('.json') && name !== LATEST && !name.startsWith('.')
}

/** A file of ours that is not a run, so a list of runs does not mention it. */
const BASELINE = /^mailstorm-baseline\//

async function readOverview(file: string): Promise<RunOverview | SkippedFile | undefined> {
  try {
    const json = await readHead(file)
    const overview = overviewOf(file, json)
    if (overview === undefined && BASELINE.test(textAt(json, 'format') ?? '')) return undefined
    return overview ?? { file, why: 'not the result of a run' }
  } catch (error) {
    return { file, why: whyUnreadable(error) }
  }
}

/** In a few words, for the end of a list. */
function whyUnreadable(error: unknown): string {
  if (error instanceof SyntaxError) return `damaged: ${error.message}`
  return errorText(error)
}

/** The order by which latest.json is chosen: local second, then time of the run's start. */
function byTime(a: RunOverview, b: RunOverview): number {
  return (
    compareText(a.stamp, b.stamp) || compareText(a.start_time, b.start_time) || compareText(a.file, b.file)
  )
}

function compareText(a: string | null, b: string | null): number {
  const [one, other] = [a ?? '', b ?? '']
  return one < other ? -1 : one > other ? 1 : 0
}
