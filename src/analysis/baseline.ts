import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText, MailstormError } from '../error.ts'
import { writeAtomically } from './atomic-write.ts'
import { textAt, valueAt } from './fields.ts'
import { makeFolder } from './make-folder.ts'
import { FORMATS } from './overview.ts'
import type { RunView } from './view.ts'

export const BASELINE_FORMAT = 'mailstorm-baseline/1'
/** Committed with the suites, unlike results. */
const BASELINES_DIR = 'baselines'

function baselinesDir(): string {
  return join(process.cwd(), BASELINES_DIR)
}

/** What later runs are compared with: one or several runs of a scenario, as comparisons need them. */
export interface Baseline {
  readonly format: typeof BASELINE_FORMAT
  readonly name: string
  readonly saved_at: string
  readonly runs: readonly RunView[]
}

const NAME = /^[\w][\w.-]{0,99}$/

/** Undefined when no baseline can be called so. */
export function baselinePath(name: string): string | undefined {
  return NAME.test(name) ? join(baselinesDir(), `${name}.json`) : undefined
}

export function checkedBaselinePath(name: string): string {
  const path = baselinePath(name)
  if (path !== undefined) return path
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to take "${name}" as a baseline's name: it has up to 100 letters, digits, dots, underscores and hyphens, as burst-ci.`,
  )
}

/** Resolves to the file's path. One run to the line, so that a change is a small one in version control. */
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

/** Before a run, so that a missing baseline is known before anything is booted. */
export function readBaseline(name: string): Baseline {
  const path = checkedBaselinePath(name)
  const json = parseFile(path)
  const baseline = asBaseline(json)
  if (baseline !== undefined) return baseline
  throw new MailstormError(
    'BASELINE_NOT_READ',
    `Failed to read the baseline ${path}: it is not of format ${BASELINE_FORMAT}, or has no runs.`,
    `Save it again: npx mailstorm baseline save ${name} FILE.`,
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
      'Save one with "npx mailstorm baseline save NAME [FILE…]", and commit it.',
    )
  }
}

/** Undefined when the JSON is not a baseline. */
export function asBaseline(json: unknown): Baseline | undefined {
  const runs = valueAt(json, 'runs')
  if (textAt(json, 'format') !== BASELINE_FORMAT || !Array.isArray(runs) || runs.length === 0)
    return undefined
  return runs.every(isView) ? (json as Baseline) : undefined
}

/** As saveBaseline writes them; a file edited by hand may be anything. */
function isView(run: unknown): boolean {
  const parts = ['figures', 'circumstances', 'histograms', 'latency_ms']
  const known = FORMATS.some((format) => format === valueAt(run, 'format'))
  const shaped = parts.every((part) => typeof valueAt(run, part) === 'object' && valueAt(run, part) !== null)
  return known && shaped && Array.isArray(valueAt(run, 'per_second'))
}
