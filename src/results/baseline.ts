import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errorText, MailstormError } from '../error.ts'
import { packageCommand } from '../packages.ts'
import { makeFolder, writeAtomically } from './atomic-write.ts'
import { acceptedNothing, cautionsOf } from './compare.ts'
import { textAt, valueAt } from './fields.ts'
import { FORMATS } from './kinds.ts'
import type { RunView } from './run-view.ts'

const BASELINE_FORMAT = 'mailstorm-baseline/1'
/** Committed with the suites, unlike results. */
const BASELINES_DIR = 'baselines'

function baselinesDir(): string {
  return join(process.cwd(), BASELINES_DIR)
}

/** Reference for later runs: one or several runs of a scenario, reduced to what comparisons need. */
export interface Baseline {
  readonly format: typeof BASELINE_FORMAT
  readonly name: string
  readonly saved_at: string
  readonly runs: readonly RunView[]
}

const NAME = /^[\w][\w.-]{0,99}$/

/** Undefined when the name is not valid for a baseline. */
export function baselinePath(name: string): string | undefined {
  return NAME.test(name) ? join(baselinesDir(), `${name}.json`) : undefined
}

function checkedBaselinePath(name: string): string {
  const path = baselinePath(name)
  if (path !== undefined) return path
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to take "${name}" as the name of a baseline: a name has up to 100 letters, digits, dots, underscores and hyphens, such as burst-ci.`,
  )
}

/** Resolves with the file's path. One run per line, for small diffs in version control. */
export async function saveBaseline({ name, runs, saved_at: at }: Omit<Baseline, 'format'>): Promise<string> {
  const path = checkedBaselinePath(name)
  await makeFolder(baselinesDir())
  const head = { format: BASELINE_FORMAT, name, saved_at: at }
  const start = JSON.stringify(head, null, 2).replace(/\n\}$/, '')
  const lines = runs.map((run) => `    ${JSON.stringify(run)}`)
  await writeAtomically(path, `${start},\n  "runs": [\n${lines.join(',\n')}\n  ]\n}\n`)
  return path
}

export async function listBaselines(): Promise<string[]> {
  const files = await readdir(baselinesDir()).catch(() => [])
  return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
}

/** Read before a run, so that a missing baseline is reported before anything is booted. */
export function readBaseline(name: string): Baseline {
  const path = checkedBaselinePath(name)
  const json = parseFile(path)
  const baseline = asBaseline(json)
  if (baseline !== undefined) return baseline
  throw new MailstormError(
    'BASELINE_NOT_READ',
    `Failed to read the baseline ${path}: it is not of format ${BASELINE_FORMAT}, or has no runs.`,
    `Save it again: ${packageCommand(`mailstorm baseline save ${name} FILE`)}.`,
  )
}

function parseFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const why = missing ? 'there is no such file' : errorText(error)
    throw new MailstormError(
      'BASELINE_NOT_READ',
      `Failed to read the baseline ${path}: ${why}.`,
      `Save one with "${packageCommand('mailstorm baseline save NAME [FILE…]')}", and commit it.`,
    )
  }
}

/** Undefined when the JSON is not a baseline. */
export function asBaseline(json: unknown): Baseline | undefined {
  const runs = valueAt(json, 'runs')
  if (textAt(json, 'format') !== BASELINE_FORMAT || !Array.isArray(runs) || runs.length === 0)
    return undefined
  if (!runs.every(isView)) return undefined
  const baseline = json as Baseline
  return { ...baseline, runs: baseline.runs.map(withNewNames) }
}

/** Figures that older versions stored under other names, and in other units, than thresholds use. */
const RENAMED: ReadonlyMap<string, readonly [name: string, per: number]> = new Map([
  ['drain', ['drain_seconds', 1]],
  ['cache_spared', ['spared_fetches', 1]],
  ['dnd_violations', ['disturbances', 1]],
  ['peak_memory', ['proxy_memory_mb', 1024 ** 2]],
])

function withNewNames(run: RunView): RunView {
  const figures = Object.entries(run.figures).map(([old, value]): [string, number | null] => {
    const [name, per] = RENAMED.get(old) ?? [old, 1]
    return [name, typeof value === 'number' ? value / per : null]
  })
  return { ...run, figures: Object.fromEntries(figures) }
}

/** As saveBaseline writes them; the file may have been edited by hand. */
function isView(run: unknown): boolean {
  const parts = ['figures', 'circumstances', 'histograms', 'latency_ms']
  const known = FORMATS.some((format) => format === valueAt(run, 'format'))
  const shaped = parts.every((part) => typeof valueAt(run, part) === 'object' && valueAt(run, part) !== null)
  return known && shaped && Array.isArray(valueAt(run, 'per_second'))
}

/**
 * A baseline must itself be sound: complete runs with something accepted, all of one scenario, workload and
 * backend. Otherwise its medians describe a run that nobody made.
 */
export function checkBaselineRuns(runs: readonly RunView[]): void {
  const [first] = runs
  if (first === undefined) throw new RangeError('a baseline of no run')
  for (const run of runs) checkWhole(run)
  for (const run of runs) checkSame(first, run)
  const ids = runs.map(({ run_id: id }) => id).filter((id) => id !== null)
  const twice = runs.find(({ run_id: id }, place) => id !== null && ids.indexOf(id) < place)
  if (twice !== undefined && new Set(ids).size < ids.length) {
    const other = runs.find(({ run_id: id }) => id === twice.run_id)
    throw refuse(
      `${other?.file} and ${twice.file} are the same run, which would count twice`,
      'latest.json is a copy of the newest run.',
    )
  }
}

function checkWhole(run: RunView): void {
  if (run.status === 'partial')
    throw refuse(`${run.file} ended early`, 'Its figures cover only part of the load. Use a complete run.')
  if (!acceptedNothing(run)) return
  const said = run.success_rate === null ? 'it reports none' : 'its success rate is 0 %'
  throw refuse(
    `no message of ${run.file} was accepted (${said})`,
    `Every run would pass against such a baseline. See "${packageCommand('mailstorm analyze')}" for what went wrong.`,
  )
}

function checkSame(first: RunView, run: RunView): void {
  const names = [first, run].map(({ scenario, part, format }) => JSON.stringify([format, scenario, part]))
  if (names[0] !== names[1]) throw refuse(`the runs are of different scenarios: ${first.file}, ${run.file}`)
  const mixed = cautionsOf({ before: [first], after: [run] }).find(
    ({ about }) => about === 'workload' || about === 'backend',
  )
  if (mixed === undefined) return
  throw refuse(
    `${first.file} and ${run.file} cannot share a baseline: ${mixed.sentence}`,
    'Save one baseline per workload and backend.',
  )
}

function refuse(why: string, hint?: string): MailstormError {
  return new MailstormError('BASELINE_NOT_SAVED', `Failed to save a baseline: ${why}.`, hint)
}

const WELL = 0.95

/** Caveats that do not rule the runs out as a baseline, a sentence each. */
export function baselineDoubts(runs: readonly RunView[]): string[] {
  const [first] = runs
  if (first === undefined) return []
  const machines = runs.flatMap((run) =>
    cautionsOf({ before: [first], after: [run] }).filter(({ about }) => about === 'machine'),
  )
  return [
    ...runs.flatMap(doubtsOf),
    ...new Set(machines.map(({ sentence }) => `its runs are of ${sentence.replace('machine', 'machines')}`)),
  ]
}

function doubtsOf(run: RunView): string[] {
  const { success_rate: success, generator_bound: bound, lost } = run
  const file = basename(run.file)
  const low = success !== null && success < WELL
  return [
    ...(low ? [`${file} accepted ${Math.floor(success * 1000) / 10} % of its messages`] : []),
    ...(lost !== null && lost > 0 ? [`${file} lost ${lost}: losing as many will be no regression`] : []),
    ...(bound === true
      ? [`${file} was generator-bound: its figures are the limits of that machine, not of the servers`]
      : []),
  ]
}
