import { basename } from 'node:path'
import { MailstormError } from '../error.ts'
import { acceptedNothing, cautionsOf } from './caution.ts'
import type { RunView } from './view.ts'

/**
 * What later runs are held against must itself be sound: whole, with something accepted, and all of one
 * scenario, workload and backend, or its medians are of nothing that anybody ran.
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
    throw refuse(
      `${run.file} was cut short`,
      'Its figures are of what it came to. Give a run that was whole.',
    )
  if (!acceptedNothing(run)) return
  const said = run.success_rate === null ? 'it does not say that any was' : 'its success rate is 0 %'
  throw refuse(
    `no message of ${run.file} was accepted (${said})`,
    'Against such a baseline every run would pass. See "npx mailstorm analyze" for what went wrong.',
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
    `${first.file} and ${run.file} cannot be of one: ${mixed.sentence}`,
    'Save a baseline to each workload and backend.',
  )
}

function refuse(why: string, hint?: string): MailstormError {
  return new MailstormError('BASELINE_NOT_SAVED', `Failed to save a baseline: ${why}.`, hint)
}

const WELL = 0.95

/** What does not keep runs from being a baseline, and must be known of it: a sentence each. */
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
    ...(lost !== null && lost > 0 ? [`${file} lost ${lost}: as many are no regression later`] : []),
    ...(bound === true
      ? [`${file} was generator-bound: its figures are the limits of that machine, not of the servers`]
      : []),
  ]
}
