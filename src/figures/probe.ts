import type { ProbeResult, ProbeVerdict } from '../probe/report.ts'
import { type Figure, type Figures, figuresOf, type Partly } from './figure.ts'

/** A probe of one or more servers as some file may hold it. */
export type ProbeRun = Partly<Pick<ProbeResult, 'targets'>>

type Entry = Figure<ProbeRun>

/** Over all servers of the probe; undefined when none says. */
function sumOver(
  { targets }: ProbeRun,
  of: (target: NonNullable<NonNullable<ProbeRun['targets']>[number]>) => number | null | undefined,
): number | undefined {
  const known = (targets ?? []).flatMap((target) => (target && of(target)) ?? [])
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0)
}

function answers(verdict: ProbeVerdict, better: Entry['better']): Entry {
  return {
    name: verdict.replace(' ', '_'),
    title: verdict,
    group: 'Answers',
    unit: 'count',
    better,
    read: (run) => sumOver(run, ({ counts }) => counts?.[verdict]),
  }
}

const ASKED = { group: 'Asked', better: 'neither' } as const

const SERVERS: Entry = {
  ...ASKED,
  name: 'servers',
  title: 'servers',
  unit: 'count',
  read: ({ targets }) => targets?.length,
}

const QUESTIONS: Entry = {
  ...ASKED,
  name: 'questions',
  title: 'questions',
  unit: 'count',
  read: (run) => sumOver(run, ({ rows }) => rows?.length),
}

const DURATION: Entry = {
  ...ASKED,
  name: 'duration',
  title: 'duration',
  unit: 'seconds',
  read: (run) => sumOver(run, ({ took_seconds: seconds }) => seconds),
}

/** All figures of a protocol probe, over all of its servers. */
export const PROBE_FIGURES: Figures<ProbeRun> = figuresOf({
  list: [
    SERVERS,
    QUESTIONS,
    answers('conforms', 'higher'),
    answers('deviates', 'lower'),
    answers('not offered', 'neither'),
    answers('unknown', 'lower'),
    DURATION,
  ],
  latencies: [],
  nothing: (run) => (QUESTIONS.read(run) ? undefined : 'no question was asked'),
})
