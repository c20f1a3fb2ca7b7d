import type { Progress } from '../engine/progress.ts'
import type { Metrics, Result } from '../engine/result.ts'
import type { PressureProgress } from '../pressure/progress.ts'
import { oneLine } from './escape.ts'
import { count, counted, decimal, MISSING, perSecond, shortMilliseconds, span } from './format.ts'
import { columnsOf, cutToColumns, type Paint, plain, type Style } from './terminal.ts'
import { runName } from './verdict.ts'

const BAR_MOST = 30
const BAR_LEAST = 8

interface Part {
  readonly text: string
  readonly style?: Style
  /** The parts with the highest number are the first to go when the line is too narrow. */
  readonly rank: number
}

/** The live line, at most `columns` wide: what does not fit is left out, the least important first. */
export function renderProgress(progress: Progress, columns: number, paint: Paint = plain): string {
  const parts = partsOf(progress)
  const bar = parts[1] as Part
  const widthOf = (kept: readonly Part[]) => kept.reduce((sum, { text }) => sum + columnsOf(text) + 2, -2)
  let kept = [...parts]
  while (widthOf(kept) > columns && kept.length > 1) {
    const last = Math.max(...kept.map(({ rank }) => rank))
    kept = kept.filter(({ rank }) => rank !== last)
  }
  const [only] = kept
  if (only !== undefined && kept.length === 1) return cutToColumns(only.text, columns)
  const room = Math.min(BAR_MOST, BAR_LEAST + columns - widthOf(kept))
  return kept
    .map((part) => (part === bar ? paint('cyan', barOf(progress, room)) : styled(part, paint)))
    .join('  ')
}

function styled({ text, style }: Part, paint: Paint): string {
  return style === undefined ? text : paint(style, text)
}

function partsOf(progress: Progress): Part[] {
  if (progress.delivery !== undefined) return deliveryParts(progress, progress.delivery)
  const done = doneOf(progress)
  const { p50_ms, p99_ms, left_seconds, target_rate } = progress
  return [
    { text: oneLine(runName(progress), 40), rank: 0 },
    { text: ' '.repeat(BAR_LEAST), rank: 6 },
    {
      text: progress.planned === null ? `${count(done)} sent` : `${count(done)}/${count(progress.planned)}`,
      rank: 1,
    },
    { text: shareOf(progress), rank: 5 },
    { text: rateOf(progress.rate, target_rate), rank: 2 },
    { text: `p50 ${shortMilliseconds(p50_ms)}`, rank: 7 },
    { text: `p99 ${shortMilliseconds(p99_ms)}`, rank: 4 },
    errorsPart(progress),
    {
      text: left_seconds === null ? `${span(progress.elapsed_seconds)} so far` : `${span(left_seconds)} left`,
      rank: 8,
    },
  ]
}

/** While the run waits for its mail behind the servers. */
function deliveryParts(progress: Progress, delivery: NonNullable<Progress['delivery']>): Part[] {
  return [
    { text: oneLine(runName(progress), 40), rank: 0 },
    { text: ' '.repeat(BAR_LEAST), rank: 3 },
    { text: deliveredOf(delivery), rank: 1 },
    { text: 'waiting for the rest', rank: 2 },
  ]
}

function deliveredOf({ arrived, expected }: NonNullable<Progress['delivery']>): string {
  return `delivered ${count(arrived)} of ${count(expected)}`
}

function errorsPart(progress: Progress): Part {
  const errors = progress.deferred + progress.rejected + progress.failed
  const text = errors === 0 ? 'no errors' : counted(errors, 'error')
  return errors === 0 ? { text, rank: 3, style: 'green' } : { text, rank: 3, style: 'red' }
}

/** Rates jump about: no decimals beyond what a target makes meaningful. */
function rateOf(rate: number, target: number | null): string {
  if (target === null) return rate >= 100 ? `${decimal(rate, 0)}/s` : perSecond(rate)
  return `${decimal(rate, 1)} of ${count(target)}/s`
}

function doneOf({ accepted, deferred, rejected, failed }: Progress): number {
  return accepted + deferred + rejected + failed
}

function shareOf(progress: Progress): string {
  const share = doneShare(progress)
  return share === null ? MISSING : `${Math.floor(100 * share)} %`
}

function barOf(progress: Progress, width: number): string {
  const full = Math.floor((doneShare(progress) ?? 0) * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

/** Of the messages, or of the time where that alone ends the run; null when there is nothing to do. */
function doneShare(progress: Progress): number | null {
  const { delivery } = progress
  if (delivery !== undefined) return delivery.expected === 0 ? 1 : delivery.arrived / delivery.expected
  const { planned, window_seconds: seconds, elapsed_seconds } = progress
  if (planned === null) return seconds ? Math.min(1, elapsed_seconds / seconds) : null
  return planned === 0 ? null : Math.min(1, doneOf(progress) / planned)
}

/** The same as one plain line for a log: CI, a pipe, a file. */
export function renderProgressLine(progress: Progress): string {
  const { errors, left_seconds, target_rate, delivery } = progress
  if (delivery !== undefined) return `${oneLine(runName(progress), 40)}: ${deliveredOf(delivery)}`
  const names = errors.map(([name, times]) => `${oneLine(name, 40)} ×${count(times)}`).join(', ')
  const parts = [
    progress.planned === null
      ? `${count(doneOf(progress))} sent (${shareOf(progress)} of the time)`
      : `${count(doneOf(progress))} of ${count(progress.planned)} (${shareOf(progress)})`,
    rateOf(progress.rate, target_rate),
    `p50 ${shortMilliseconds(progress.p50_ms)}`,
    `p99 ${shortMilliseconds(progress.p99_ms)}`,
    errorsPart(progress).text + (names === '' ? '' : ` (${names})`),
    left_seconds === null ? `${span(progress.elapsed_seconds)} so far` : `${span(left_seconds)} left`,
  ]
  return `${oneLine(runName(progress), 40)}: ${parts.join(', ')}`
}

/** The live line of a pressure run, at most `columns` wide: what does not fit is left out. */
export function renderPressureProgress(
  progress: PressureProgress,
  columns: number,
  paint: Paint = plain,
): string {
  let parts = pressurePartsOf(progress)
  const width = () => parts.reduce((sum, { text }) => sum + columnsOf(text) + 2, -2)
  while (width() > columns && parts.length > 1) {
    const last = Math.max(...parts.map(({ rank }) => rank))
    parts = parts.filter(({ rank }) => rank !== last)
  }
  if (width() > columns) return cutToColumns(parts[0]?.text ?? '', columns)
  return parts.map(({ text, style }) => (style === undefined ? text : paint(style, text))).join('  ')
}

function pressurePartsOf(progress: PressureProgress): Part[] {
  const { handed_over, delivered, reported, pending, rate, p95_ms, errors } = progress
  const parts: Part[] = [
    { text: oneLine(runName(progress), 40), rank: 0 },
    { text: phaseOf(progress), style: 'cyan', rank: 5 },
    { text: `${count(delivered)} of ${count(handed_over)} delivered`, rank: 1 },
    { text: perSecond(rate), rank: 3 },
    { text: `${count(reported)} reported`, rank: 6 },
    { text: pending === null ? '' : `${count(pending)} pending`, rank: 4 },
    { text: p95_ms === null ? '' : `p95 ${shortMilliseconds(p95_ms)}`, rank: 7 },
    {
      text: errors === 0 ? 'no errors' : counted(errors, 'error'),
      style: errors === 0 ? 'green' : 'red',
      rank: 2,
    },
  ]
  return parts.filter(({ text }) => text !== '')
}

function phaseOf({ phase, left_seconds, elapsed_seconds }: PressureProgress): string {
  return phase === 'draining' || left_seconds === null
    ? `draining, ${span(elapsed_seconds)}`
    : `${span(left_seconds)} left`
}

/** The same as one plain line for a log: CI, a pipe, a file. */
export function renderPressureProgressLine(progress: PressureProgress): string {
  const [name = { text: '' }, ...others] = pressurePartsOf(progress)
  return `${name.text}: ${others.map(({ text }) => text).join(', ')}`
}

/** A load sent from this process, while it goes on or at its end: what Prometheus counts and measures. */
export interface LoadSnapshot extends Pick<Progress, 'scenario' | 'part' | 'run_id'> {
  /** Set once the run has ended. */
  readonly verdict?: Result['verdict']
  readonly outcomes: Metrics['outcomes']
  readonly failures: readonly (readonly [name: string, count: number])[]
  readonly recipientsRefused: number
  readonly reconnects: number
  readonly sessionFailures: number
  readonly elapsedSeconds: number
  readonly inFlight: number
  readonly queued: number
  readonly rate: number
  readonly workers: number | undefined
  readonly planned: number | null
  readonly targetRate: number | null
  /** Response time in ms. */
  readonly percentiles: Readonly<Record<'p50' | 'p95' | 'p99', number | null | undefined>>
}

export function loadSoFar(progress: Progress): LoadSnapshot {
  const { scenario, part, run_id, accepted, deferred, rejected, failed } = progress
  return {
    ...{ scenario, part, run_id },
    outcomes: { accepted, deferred, rejected, failed, dropped: 0, not_reached: 0 },
    failures: progress.errors,
    recipientsRefused: progress.recipients_refused ?? 0,
    reconnects: progress.reconnects ?? 0,
    sessionFailures: progress.session_failures ?? 0,
    elapsedSeconds: progress.elapsed_seconds,
    inFlight: progress.in_flight,
    queued: progress.queued ?? 0,
    rate: progress.rate,
    workers: progress.workers,
    planned: progress.planned,
    targetRate: progress.target_rate,
    percentiles: { p50: progress.p50_ms, p95: progress.p95_ms, p99: progress.p99_ms },
  }
}

export function loadThatEnded({ scenario, part, run_id, verdict, ...result }: Result): LoadSnapshot {
  const { metrics, workload, target_rate: targetRate } = result
  const { dropped: _dropped, ...failures } = metrics.error_breakdown
  return {
    ...{ scenario, part, run_id, verdict },
    outcomes: metrics.outcomes,
    failures: Object.entries(failures),
    recipientsRefused: metrics.recipients_refused ?? 0,
    reconnects: metrics.reconnects ?? 0,
    sessionFailures: metrics.session_failures ?? 0,
    elapsedSeconds: metrics.duration_seconds,
    ...{ inFlight: 0, queued: 0, rate: 0 },
    workers: workload.workers,
    planned: metrics.total_messages,
    targetRate,
    percentiles: metrics.response_time_ms,
  }
}
