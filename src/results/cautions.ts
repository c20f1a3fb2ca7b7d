import { basename } from 'node:path'
import type { Sides } from './change.ts'
import { kindOf } from './kinds.ts'
import { CIRCUMSTANCES, type RunView } from './run-view.ts'

/** A caveat to read before the figures of two sides are compared. */
export interface Caution {
  readonly about: (typeof CIRCUMSTANCES)[number] | 'scenario' | 'reference' | 'run'
  readonly sentence: string
}

/** Differences that are not the target's doing; shown above all figures. */
export function cautionsOf(runs: Sides<readonly RunView[]>): Caution[] {
  return [
    ...CIRCUMSTANCES.flatMap((about) => circumstanceCautions(about, runs)),
    ...scenarioCautions(runs),
    ...referenceCautions(runs.before),
    ...(['before', 'after'] as const).flatMap((side) => runs[side].flatMap(runCautions)),
  ]
}

function circumstanceCautions(
  about: (typeof CIRCUMSTANCES)[number],
  { before, after }: Sides<readonly RunView[]>,
): Caution[] {
  const names = new Set(
    [...before, ...after].flatMap(({ circumstances }) => Object.keys(circumstances[about])),
  )
  const silent = new Set<string>()
  const cautions: Caution[] = []
  for (const name of names) {
    const old = distinct(before.map(({ circumstances }) => circumstances[about][name]))
    const now = distinct(after.map(({ circumstances }) => circumstances[about][name]))
    if (old.length === 0 && now.length === 0) continue
    if (old.length === 0) silent.add('A')
    else if (now.length === 0) silent.add('B')
    else if (old.join() !== now.join()) cautions.push({ about, sentence: differs(about, name, [old, now]) })
  }
  // The older generator's files record little of this: say so once, not for each.
  if (cautions.length === 0 && about !== 'workload')
    for (const side of silent) cautions.push({ about, sentence: `the ${about} of ${side} is unknown` })
  return cautions
}

type Sentences = readonly [before: readonly string[], after: readonly string[]]

function differs(about: string, name: string, [before, after]: Sentences): string {
  const what = about === name ? about : `${about}: ${name}`
  return `different ${what}: ${before.join(' and ')} vs. ${after.join(' and ')}`
}

function distinct(values: readonly (string | number | null | undefined)[]): string[] {
  const known = values.filter((value) => value !== null && value !== undefined)
  return [
    ...new Set(known.map((value) => (typeof value === 'number' ? value.toLocaleString('en-US') : value))),
  ]
}

function scenarioCautions({ before, after }: Sides<readonly RunView[]>): Caution[] {
  const ours = [before, after].map((runs) => distinct(runs.filter(isOurs).map(nameOf)))
  const [old = [], now = []] = ours
  if (old.length === 0 || now.length === 0 || old.join() === now.join()) return []
  return [{ about: 'scenario', sentence: differs('scenario', 'scenario', [old, now]) }]
}

/** Nothing is worse than nothing: any run would pass against such a reference. */
function referenceCautions(before: readonly RunView[]): Caution[] {
  if (!before.every((run) => kindOf(run.format).judged && acceptedNothing(run))) return []
  return [
    {
      about: 'reference',
      sentence: 'A accepted no message, so no run can be worse in success or throughput',
    },
  ]
}

export function acceptedNothing({ success_rate: success, successful_messages: accepted }: RunView): boolean {
  return accepted === 0 || success === 0 || (accepted === null && success === null)
}

/** Files of the older generator may have any name. */
function isOurs({ format }: RunView): boolean {
  return format !== 'older'
}

function nameOf({ scenario, part }: RunView): string {
  return part === null ? scenario : `${scenario} / ${part}`
}

function runCautions({ file: path, status, generator_bound: bound }: RunView): Caution[] {
  const file = basename(path)
  const cautions: Caution[] = []
  if (status === 'partial') cautions.push({ about: 'run', sentence: `${file} ended early` })
  if (bound === true) {
    const sentence = `${file} was generator-bound: its figures may show the limits of the load generator, not of the servers`
    cautions.push({ about: 'run', sentence })
  }
  return cautions
}
