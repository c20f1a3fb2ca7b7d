import type { Result, SplitResult } from '../../engine/result.ts'
import { MailstormError } from '../../error.ts'
import { textAt } from '../fields.ts'
import { kindOf } from '../kinds.ts'
import type { RunFile } from '../result-files.ts'
import { asResult } from '../result-shape.ts'

/** One generator's part of a run. */
export interface Share {
  readonly file: string
  readonly result: Result
  readonly split: SplitResult
  /** Start after the first generator's, by the wall clocks of their machines. */
  readonly offsetMs: number
}

/** The files as parts of one run, in generator order; rejects files that are not. */
export function sharesOf(files: readonly RunFile[]): readonly Share[] {
  if (files.length < 2) throw refuse('there is only one file. Name the results of all generators')
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
  const startMs = ordered.reduce((least, part) => Math.min(least, startOf(part)), Number.POSITIVE_INFINITY)
  const shares = ordered.map((part) => ({ ...part, offsetMs: startOf(part) - startMs }))
  checkTogether(shares)
  return shares
}

/** An agreed start is never further away (src/run/generators/generator.ts); more means a wrong clock. */
const MOST_SKEW_MS = 3_600_000
/**
 * Gap between the end of one and the start of another. Parts of short loads may miss each other while servers
 * boot.
 */
const MOST_GAP_MS = 5_000

/** Parts of one load must overlap in time, or their rates never added up anywhere. */
function checkTogether(shares: readonly Share[]): void {
  const byStart = shares.toSorted((a, b) => a.offsetMs - b.offsetMs)
  const [first, last] = [byStart[0], byStart.at(-1)]
  const earliestEnd = shares.toSorted((a, b) => endOf(a) - endOf(b))[0]
  if (first === undefined || last === undefined || earliestEnd === undefined) return
  if (last.offsetMs > MOST_SKEW_MS) {
    throw refuse(
      `by its own clock ${last.file} started ${span(last.offsetMs / 1000)} after ${first.file}`,
      "One machine's clock is wrong, or these are not parts of one run. Generators need the same time (NTP).",
    )
  }
  const gapMs = last.offsetMs - endOf(earliestEnd)
  if (gapMs <= MOST_GAP_MS) return
  throw refuse(
    `${earliestEnd.file} had ended ${span(gapMs / 1000)} before ${last.file} started, so that they never sent at the same time and their rates do not add up`,
    'Start all generators together with STRESS_START_AT (docs/scale-out.md); to compare runs: mailstorm compare.',
  )
}

function endOf({ offsetMs, result }: Share): number {
  return offsetMs + result.metrics.duration_seconds * 1000
}

type Part = Omit<Share, 'offsetMs'>

function startOf({ split }: Part): number {
  return Date.parse(split.started_at)
}

function partOf({ json, view: { file, format } }: RunFile): Part {
  const { shared, against } = kindOf(format)
  if (!shared) throw refuse(`${file} is a run against ${against}, which only one generator makes`)
  const checked = asResult(json)
  if ('wrong' in checked) throw refuse(`${file} is incomplete: ${checked.wrong}`)
  const { result } = checked
  if (result.split === undefined) {
    throw refuse(
      `${file} is not part of a shared run`,
      'Parts are written by generators started with STRESS_GENERATORS and STRESS_GENERATOR_INDEX (docs/scale-out.md). To compare other runs: mailstorm compare.',
    )
  }
  if (Number.isNaN(Date.parse(textAt(json, 'split', 'started_at') ?? '')))
    throw refuse(`${file} does not say when it started`)
  const { index, generators } = result.split
  if (!isWholeIn(generators, 1, MOST_GENERATORS) || !isWholeIn(index, 0, generators - 1))
    throw refuse(`${file} is of generator ${index} of ${generators}, which cannot be`)
  checkSeconds(file, result)
  return { file, result, split: result.split }
}

const MOST_GENERATORS = 100_000

function isWholeIn(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
}

/** Seconds that a timeline may omit in total; ours have a row for each. */
const MOST_SECONDS_WITHOUT_ROW = 3_600

/** A single far-off second would create a row for every second before it. */
function checkSeconds(file: string, { timeline }: Result): void {
  const most = timeline.length + MOST_SECONDS_WITHOUT_ROW
  const wrong = timeline.find(({ second }) => !isWholeIn(second, 0, most))
  if (wrong === undefined) return
  throw refuse(`${file} is incomplete: a timeline of ${timeline.length} rows has a second ${wrong.second}`)
}

function checkSameRun(first: Part, part: Part): void {
  const facts = ({ result, split }: Part) => ({
    run: split.shared_run_id,
    scenario: JSON.stringify([result.scenario, result.part]),
    'number of generators': split.generators,
    executor: result.workload.executor,
    'message size': result.message_size,
    corpus: result.workload.corpus?.digest,
    pipelining: result.workload.pipelining,
    'pipeline depth': result.workload.pipeline_depth,
    'messages per session': result.workload.messages_per_session,
    sizes: result.workload.size_distribution?.text,
    recipients: result.workload.recipients,
    sender: result.workload.sender,
    recipient: result.workload.recipient,
    TLS: result.workload.tls,
    user: result.workload.auth,
    accounts: result.workload.accounts,
    'PROXY protocol': result.workload.client?.proxy_protocol,
    XCLIENT: result.workload.client?.xclient,
    duration: result.workload.duration_seconds ?? null,
    'agreed start': split.agreed_start,
  })
  const ours = Object.entries(facts(first))
  const theirs = Object.values(facts(part))
  for (const [place, [what, value]] of ours.entries()) {
    if (theirs[place] === value) continue
    throw refuse(
      `they are not parts of one run; ${what}: ${value} in ${first.file}, ${theirs[place]} in ${part.file}`,
    )
  }
}

function refuse(why: string, hint?: string): MailstormError {
  return new MailstormError('NOT_MERGED', `Failed to merge: ${why}.`, hint)
}

/** `2.5 s`, `48 h 00 min`. Written here because this room does not import the renderers. */
function span(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}
