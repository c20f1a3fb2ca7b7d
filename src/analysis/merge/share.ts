import { MailstormError } from '../../error.ts'
import type { Result } from '../../load/result.ts'
import type { SplitResult } from '../../load/result-extras.ts'
import { PRESSURE_FORMAT } from '../../pressure/result.ts'
import { textAt } from '../fields.ts'
import { asResult } from '../result-shape.ts'
import type { RunFile } from '../run-file.ts'

/** One generator's part of a run. */
export interface Share {
  readonly file: string
  readonly result: Result
  readonly split: SplitResult
  /** How long after the first generator this one started, by the wall clocks of their machines. */
  readonly offsetMs: number
}

/** The files as parts of one run, in the order of their generators; refuses what is not. */
export function sharesOf(files: readonly RunFile[]): readonly Share[] {
  if (files.length < 2) throw refuse('one file alone is whatever it is. Give the results of all generators')
  const parts = files.map(partOf)
  const [first] = parts
  if (first === undefined) throw new RangeError('no part to merge')
  for (const part of parts) checkSameRun(first, part)
  const ordered = parts.toSorted((a, b) => a.split.index - b.split.index)
  for (const [place, part] of ordered.entries()) {
    const other = ordered[place + 1]
    if (other?.split.index !== part.split.index) continue
    throw refuse(`${part.file} and ${other.file} are both of generator ${part.split.index}`)
  }
  const startMs = Math.min(...ordered.map(startOf))
  return ordered.map((part) => ({ ...part, offsetMs: startOf(part) - startMs }))
}

type Part = Omit<Share, 'offsetMs'>

function startOf({ split }: Part): number {
  return Date.parse(split.started_at)
}

function partOf({ json, view: { file, format } }: RunFile): Part {
  if (format === PRESSURE_FORMAT)
    throw refuse(`${file} is a run against a mail proxy, which one generator makes alone`)
  const checked = asResult(json)
  if ('wrong' in checked) throw refuse(`${file} is not whole: ${checked.wrong}`)
  const { result } = checked
  if (result.split === undefined) {
    throw refuse(
      `${file} is no part of a run`,
      'Parts are what generators started with STRESS_GENERATORS and STRESS_GENERATOR_INDEX write (docs/scale-out.md). To put other runs beside each other: mailstorm compare.',
    )
  }
  if (Number.isNaN(Date.parse(textAt(json, 'split', 'started_at') ?? '')))
    throw refuse(`${file} does not say when it started`)
  return { file, result, split: result.split }
}

function checkSameRun(first: Part, part: Part): void {
  const facts = ({ result, split }: Part) => ({
    run: split.shared_run_id,
    scenario: JSON.stringify([result.scenario, result.part]),
    'number of generators': split.generators,
    executor: result.workload.executor,
    'message size': result.message_size,
  })
  const ours = Object.entries(facts(first))
  const theirs = Object.values(facts(part))
  for (const [place, [what, value]] of ours.entries()) {
    if (theirs[place] === value) continue
    throw refuse(
      `they are not of one run; ${what}: ${value} in ${first.file}, ${theirs[place]} in ${part.file}`,
    )
  }
}

function refuse(why: string, hint?: string): MailstormError {
  return new MailstormError('NOT_MERGED', `Failed to merge: ${why}.`, hint)
}
