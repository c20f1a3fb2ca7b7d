import type { Progress } from '../engine/progress.ts'
import type { Result } from '../engine/result.ts'
import type { AnyProgress, PressureProgress } from '../pressure/progress.ts'
import type { PressureResult } from '../pressure/result.ts'
import type { ProbeResult } from '../probe/report.ts'
import {
  kindOf,
  PRESSURE_RESULTS,
  PROBE_RESULTS,
  type ResultKind,
  type RunResult,
  SMTP_RESULTS,
} from '../results/kinds.ts'
import type { Document } from './block.ts'
import { pressureDocument } from './documents/pressure.ts'
import { probeDocument } from './documents/probe.ts'
import { smtpDocument } from './documents/smtp.ts'
import { LiveLoad, LivePressure, type LiveRun } from './html/live.ts'
import type { Assets } from './html/page.ts'
import {
  type LoadSnapshot,
  loadSoFar,
  loadThatEnded,
  renderPressureProgress,
  renderPressureProgressLine,
  renderProgress,
  renderProgressLine,
} from './progress.ts'
import type { Page, Paint } from './terminal.ts'
import { writePage } from './writers/html.ts'
import { writeMarkdown } from './writers/markdown.ts'
import { writeText } from './writers/text.ts'

/** One kind of run as reports have it. Writers and watchers ask this, and know no kind themselves. */
export interface ReportKind<R extends RunResult = RunResult, P extends AnyProgress = AnyProgress>
  extends ResultKind<R> {
  /** What a report says of a run; the three writers print it. */
  document(result: R): Document
  /** What makes its figures doubtful, a sentence each. */
  doubts?(result: R): readonly string[]
  /** Where Prometheus has its figures: the beginning of their names. */
  readonly prefix: string
  /** Labels of its figures there. */
  labels(result: R): RunLabels
  /** Counts of a load that ended; of kinds that send one from this process. */
  ended?(result: R): LoadSnapshot
  /** What is told while it goes on; a kind without this tells nothing until it ends. */
  readonly progress?: ProgressKind<P>
}

/** What tells one run from another. */
export interface RunLabels {
  readonly scenario: string
  readonly part: string | null
}

/** A run that goes on, of one kind. */
export interface ProgressKind<P extends AnyProgress> {
  /** At most `columns` wide, drawn again and again. */
  live(progress: P, columns: number, paint: Paint): string
  /** One plain line for a log. */
  line(progress: P): string
  /** What the live view shows. */
  view(first: P): LiveRun
  /** Counts so far; of kinds that send a load from this process. */
  counts?(progress: P): LoadSnapshot
}

const SMTP: ReportKind<Result, Progress> = {
  ...SMTP_RESULTS,
  document: smtpDocument,
  doubts: ({ generator: { bound, bound_reasons: reasons } }) =>
    bound ? [`generator-bound: ${reasons.join('; ')}`] : [],
  prefix: 'mailstorm_result_',
  labels: ({ scenario, part }) => ({ scenario, part }),
  ended: loadThatEnded,
  progress: {
    live: renderProgress,
    line: renderProgressLine,
    view: (first) => new LiveLoad(first),
    counts: loadSoFar,
  },
}

/** While it goes on, the proxy's own metrics tell of it. */
const PRESSURE: ReportKind<PressureResult, PressureProgress> = {
  ...PRESSURE_RESULTS,
  document: pressureDocument,
  prefix: 'mailstorm_pressure_result_',
  labels: ({ scenario, part }) => ({ scenario, part }),
  progress: {
    live: renderPressureProgress,
    line: renderPressureProgressLine,
    view: (first) => new LivePressure(first),
  },
}

const PROBE: ReportKind<ProbeResult, never> = {
  ...PROBE_RESULTS,
  document: probeDocument,
  prefix: 'mailstorm_probe_result_',
  labels: ({ targets }) => ({
    scenario: 'probe',
    part: targets.length === 1 ? (targets[0]?.target ?? null) : null,
  }),
}

/** Every kind of run. */
export const KINDS = { smtp: SMTP, pressure: PRESSURE, probe: PROBE } as const

/** The same by name, for results and progress of any kind. */
const BY_NAME: Readonly<Record<ResultKind['name'], ReportKind>> = KINDS

function reportKind({ format }: Pick<RunResult, 'format'>): ReportKind {
  return BY_NAME[kindOf(format).name]
}

function progressKind(progress: AnyProgress): ProgressKind<AnyProgress> {
  const { progress: kind } = BY_NAME['kind' in progress ? progress.kind : 'smtp']
  if (kind === undefined) throw new TypeError('a kind without progress has told of it')
  return kind
}

/** What is said of a run, in any format. */
export function documentOf(result: RunResult): Document {
  return reportKind(result).document(result)
}

/** As a person reads it in a terminal. */
export function renderText(result: RunResult, page?: Page): string {
  return writeText(documentOf(result), page)
}

/** Markdown that reads well as a file, in a pull request and in a GitHub job summary. */
export function renderMarkdown(result: RunResult): string {
  return writeMarkdown(documentOf(result))
}

/** One HTML file. */
export function renderPage(result: RunResult, assets: Assets): string {
  return writePage(documentOf(result), assets)
}

/** Why the run has the verdict that it has, in one line. */
export function reasonOf(result: RunResult): string {
  return documentOf(result).head.reason
}

/** What makes the figures doubtful, a sentence each. */
export function doubtsOf(result: RunResult): readonly string[] {
  return reportKind(result).doubts?.(result) ?? []
}

/** The live line, at most `columns` wide. */
export function renderLiveLine(progress: AnyProgress, columns: number, paint: Paint): string {
  return progressKind(progress).live(progress, columns, paint)
}

/** One plain line for a log. */
export function renderLogLine(progress: AnyProgress): string {
  return progressKind(progress).line(progress)
}

/** A run in the live view, from its first news on. */
export function liveRunOf(first: AnyProgress): LiveRun {
  return progressKind(first).view(first)
}

/** Counts of a load that goes on; undefined for a kind that sends none from this process. */
export function countsOf(progress: AnyProgress): LoadSnapshot | undefined {
  return progressKind(progress).counts?.(progress)
}

/** What Prometheus has of a run that ended. */
export function exposedBy(result: RunResult): {
  readonly prefix: string
  readonly labels: RunLabels
  readonly counts: LoadSnapshot | undefined
} {
  const kind = reportKind(result)
  return { prefix: kind.prefix, labels: kind.labels(result), counts: kind.ended?.(result) }
}
